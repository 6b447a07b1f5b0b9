/** A Trainer whose body is a warm child process: it can be killed, it can crash, and the supervisor lives on. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RightsizeError, type Trainer, type TrainerEnd } from "@rightsize/core";
import type { FromTrainer, ToTrainer, TrainerSettings } from "./trainer-protocol.ts";

export interface ChildTrainer extends Trainer {
  readonly device: string;
  /** The child's process id now; changes after a crash. */
  processId(): number | undefined;
}

/** How long a child that was told to stop may take before it is killed, in milliseconds (a chunk of steps is far shorter). */
const stopDeadlineMs = 3000;
const startDeadlineMs = 60_000;

/** Starts the child and waits until its engines are loaded; after a crash the next `train` starts another. */
export async function startChildTrainer(settings: TrainerSettings): Promise<ChildTrainer> {
  let child = await spawnReady(settings);
  let closing = false;
  let respawning: Promise<Ready> | null = null;

  const respawn = () => {
    respawning ??= spawnReady(settings).then((fresh) => {
      child = fresh;
      respawning = null;
      if (closing) child.process.kill("SIGKILL");
      return fresh;
    });
    respawning.catch(() => {
      respawning = null;
    });
    return respawning;
  };
  const alive = (process: ChildProcess) => process.exitCode === null && process.signalCode === null && process.connected;

  return {
    fingerprints: child.fingerprints,
    device: child.device,
    processId: () => child.process.pid,
    async train(work, observer, signal) {
      try {
        if (!alive(child.process)) await respawn();
      } catch (error) {
        return { kind: "crashed", detail: `the trainer could not be started: ${error instanceof Error ? error.message : String(error)}` };
      }
      const { process } = child;
      const end = await new Promise<TrainerEnd>((resolve) => {
        let killTimer: ReturnType<typeof setTimeout> | null = null;
        let stopping = false;
        const send = (message: ToTrainer) => {
          if (process.connected) process.send(message, () => {});
        };
        const onAbort = () => {
          stopping = true;
          send({ kind: "stop" });
          killTimer = setTimeout(() => process.kill("SIGKILL"), stopDeadlineMs);
        };
        const finish = (result: TrainerEnd) => {
          process.off("message", onMessage);
          process.off("exit", onExit);
          signal.removeEventListener("abort", onAbort);
          if (killTimer !== null) clearTimeout(killTimer);
          resolve(result);
        };
        const onExit = (code: number | null, killedBy: string | null) => {
          if (stopping) return finish({ kind: "stopped" });
          finish({ kind: "crashed", detail: `the trainer process ended with ${killedBy ?? `exit code ${code}`}` });
        };
        const onMessage = (raw: unknown) => {
          const message = raw as FromTrainer;
          switch (message.kind) {
            case "epochs":
              return observer.onEpochs(message.epochs);
            case "checkpoint":
              return observer.onCheckpoint(message.checkpoint);
            case "runEnd":
              return void observer.onRunEnd(message.runId, message.outcome).then(() => send({ kind: "committed", runId: message.runId }));
            case "end":
              return finish({ kind: message.end });
            case "error":
              return finish({ kind: "crashed", detail: describe(RightsizeError.fromPlain(message.error)) });
            case "ready":
              return;
            default:
              message satisfies never;
          }
        };
        process.on("message", onMessage);
        process.on("exit", onExit);
        signal.addEventListener("abort", onAbort, { once: true });
        send({ kind: "train", work });
        if (signal.aborted) onAbort();
      });
      if (!closing && !alive(process)) void respawn().catch(() => {});
      return end;
    },
    async close() {
      closing = true;
      if (!alive(child.process)) return;
      const exited = new Promise<void>((resolve) => child.process.once("exit", () => resolve()));
      child.process.disconnect();
      const timer = setTimeout(() => child.process.kill("SIGKILL"), stopDeadlineMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

interface Ready {
  readonly process: ChildProcess;
  readonly fingerprints: Readonly<Record<string, string>>;
  readonly device: string;
}

function spawnReady(settings: TrainerSettings): Promise<Ready> {
  const own = fileURLToPath(import.meta.url);
  const entry = fileURLToPath(new URL(own.endsWith(".ts") ? "./trainer-process.ts" : "./trainer-process.js", import.meta.url));
  const process = fork(entry, [JSON.stringify(settings)], { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      process.kill("SIGKILL");
      reject(new RightsizeError("engine_failed", `the trainer process was not ready after ${startDeadlineMs / 1000} s`));
    }, startDeadlineMs);
    const onExit = (code: number | null, signal: string | null) => {
      clearTimeout(timer);
      reject(new RightsizeError("engine_failed", `the trainer process ended at its start with ${signal ?? `exit code ${code}`}`));
    };
    process.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    process.once("exit", onExit);
    process.once("message", (raw: unknown) => {
      const message = raw as FromTrainer;
      clearTimeout(timer);
      process.off("exit", onExit);
      if (message.kind === "ready") resolve({ process, fingerprints: message.fingerprints, device: message.device });
      else if (message.kind === "error") reject(RightsizeError.fromPlain(message.error));
      else reject(new RightsizeError("engine_failed", `the trainer said ${message.kind} first`));
    });
  });
}

function describe(error: RightsizeError): string {
  const issues = error.issues.map(({ where, received, required }) => `${where}: received ${received}, needs ${required}`);
  return [error.message, ...issues].join("; ");
}
