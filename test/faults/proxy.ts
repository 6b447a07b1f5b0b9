/** A line to Postgres that can be slow, cut, or lose exactly the acknowledgement of a commit. Listens on loopback. */
import { connect, createServer, type Socket } from "node:net";

export interface Line {
  /** The same database, through this line. */
  readonly url: string;
  /** Ends every connection and takes no new one, until `mend`. */
  cut(): void;
  mend(): void;
  /** Each answer waits so long, in milliseconds. */
  delay(ms: number): void;
  /** Of so many commits one is passed on while its answer is lost with its connection; 0 is none. */
  loseCommits(everyNth: number): void;
  /** Commits whose answers were lost so far. */
  lost(): number;
  close(): Promise<void>;
}

/** `COMMIT` as a simple query of the Postgres protocol: message Q, its length, the text, a zero. */
const commit = Buffer.concat([Buffer.from("Q"), Buffer.from([0, 0, 0, 11]), Buffer.from("COMMIT\0")]);

export async function lineTo(url: string): Promise<Line> {
  const target = new URL(url);
  const open = new Set<Socket>();
  let isCut = false;
  let delayMs = 0;
  let everyNth = 0;
  let commits = 0;
  let lost = 0;

  const server = createServer((client) => {
    if (isCut) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    const both = [client, upstream];
    const end = () => {
      for (const socket of both) {
        open.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of both) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
    let deaf = false;
    client.on("data", (bytes) => {
      upstream.write(bytes);
      if (everyNth === 0 || bytes.indexOf(commit) === -1) return;
      commits += 1;
      if (commits % everyNth === 0) deaf = true;
    });
    upstream.on("data", (bytes) => {
      if (deaf) {
        // Postgres has answered, so the commit stands; nobody will hear of it.
        lost += 1;
        return end();
      }
      if (delayMs === 0) client.write(bytes);
      else setTimeout(() => client.destroyed || client.write(bytes), delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(typeof address === "object" && address !== null ? address.port : 0);
  const endAll = () => {
    for (const socket of open) socket.destroy();
    open.clear();
  };
  return {
    url: through.href,
    cut() {
      isCut = true;
      endAll();
    },
    mend() {
      isCut = false;
    },
    delay(ms) {
      delayMs = ms;
    },
    loseCommits(nth) {
      everyNth = nth;
    },
    lost: () => lost,
    async close() {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
