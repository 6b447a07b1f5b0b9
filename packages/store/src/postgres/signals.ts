/** Signals over LISTEN/NOTIFY: one connection for all listeners of a process, which heals itself. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ExperimentId, Signal } from "@rightsize/core";
import { Client } from "pg";
import { connectionSettings } from "./database.ts";

export const channel = "rightsize";

/** The payloads: `x:<experiment>`, `e:<experiment>` for epochs, `o` for the outbox. */
function readSignal(payload: string): Signal | null {
  const id = payload.slice(2) as ExperimentId;
  switch (payload[0]) {
    case "x":
      return { kind: "experiment", id };
    case "e":
      return { kind: "epochs", id };
    case "o":
      return { kind: "outbox" };
    default:
      // A newer program's signal: signals are hints, so it may be left alone.
      return null;
  }
}

export interface Signals {
  subscribe(listener: (signal: Signal) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** A connection that was cut without a word is found out by asking from time to time. */
const askEveryMs = 10_000;

export function listenOn(url: string): Signals {
  const listeners = new Set<(signal: Signal) => void>();
  let stopping: AbortController | null = null;
  let running: Promise<void> | null = null;

  const tell = (signal: Signal) => {
    for (const listener of listeners) listener(signal);
  };

  /** Listens until the connection breaks or we stop. */
  async function listen(stop: AbortSignal, ready: () => void): Promise<void> {
    const client = new Client({ ...connectionSettings(url), connectionTimeoutMillis: 5_000, query_timeout: 5_000, keepAlive: true });
    let giveUp = () => {};
    const over = new Promise<void>((resolve) => {
      // Without a handler a restart of Postgres would end this process.
      client.on("error", () => resolve());
      client.on("end", () => resolve());
      giveUp = () => resolve();
      stop.addEventListener("abort", giveUp);
    });
    client.on("notification", (message) => {
      const signal = readSignal(message.payload ?? "");
      if (signal) tell(signal);
    });
    let asking: NodeJS.Timeout | undefined;
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      ready();
      await new Promise<void>((resolve) => {
        void over.then(resolve);
        asking = setInterval(() => client.query("SELECT 1").catch(() => resolve()), askEveryMs);
        asking.unref();
      });
    } finally {
      clearInterval(asking);
      stop.removeEventListener("abort", giveUp);
      await Promise.race([client.end().catch(() => {}), sleep(500, undefined, { ref: false })]);
    }
  }

  /** Starts the loop and resolves when it listens for the first time, or when the first try failed (it goes on trying). */
  function start(): Promise<void> {
    const stopper = new AbortController();
    stopping = stopper;
    return new Promise((resolve) => {
      running = (async () => {
        let pauseMs = firstPauseMs;
        for (let connections = 0; !stopper.signal.aborted; ) {
          await listen(stopper.signal, () => {
            pauseMs = firstPauseMs;
            resolve();
            // What was said while nobody listened is lost: let the dispatcher look.
            if (connections++ > 0) tell({ kind: "outbox" });
          }).catch(() => {});
          resolve();
          if (stopper.signal.aborted) break;
          await sleep(pauseMs, undefined, { signal: stopper.signal, ref: false }).catch(() => {});
          pauseMs = Math.min(pauseMs * 2, longestPauseMs);
        }
      })();
    });
  }

  async function stop(): Promise<void> {
    stopping?.abort();
    stopping = null;
    await running;
    running = null;
  }

  let started: Promise<void> | null = null;
  return {
    async subscribe(listener) {
      // A wrapper, so that the same function may be given twice.
      const own = (signal: Signal) => listener(signal);
      listeners.add(own);
      started ??= start();
      await started;
      return async () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        started = null;
        await stop();
      };
    },
    async close() {
      listeners.clear();
      started = null;
      await stop();
    },
  };
}
