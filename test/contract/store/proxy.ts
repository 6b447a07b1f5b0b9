/** A connection to Postgres that can be spoilt: cut, silent, or with one acknowledgement swallowed. */
import { createConnection, createServer, type Socket } from "node:net";

export interface SpoiltLine {
  /** The same database through this proxy. */
  readonly url: string;
  /** The next time a client sends this text, its answer is swallowed and the connection cut: the server did it, the client doesn't know. */
  swallowAnswerTo(text: string): void;
  /** Bytes go nowhere, in both directions, until `speak`. */
  silence(): void;
  speak(): void;
  cut(): void;
  close(): Promise<void>;
}

export async function proxyTo(url: string): Promise<SpoiltLine> {
  const target = new URL(url);
  const pairs = new Set<readonly [Socket, Socket]>();
  let swallow: string | null = null;
  let silent = false;
  const server = createServer((client) => {
    const upstream = createConnection(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    let swallowing = false;
    const end = () => {
      client.destroy();
      upstream.destroy();
      pairs.delete(pair);
    };
    client.on("data", (bytes) => {
      if (silent) return;
      if (swallow !== null && bytes.includes(swallow)) {
        swallow = null;
        swallowing = true;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (silent) return;
      if (swallowing) end();
      else client.write(bytes);
    });
    for (const socket of pair) socket.on("error", end).on("close", end);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const through = new URL(url);
  through.port = String((server.address() as { port: number }).port);
  const cut = () => {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
  };
  return {
    url: through.href,
    swallowAnswerTo(text) {
      swallow = text;
    },
    silence() {
      silent = true;
    },
    speak() {
      silent = false;
    },
    cut,
    close() {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
