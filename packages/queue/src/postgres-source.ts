/** BullMQ's own Postgres backend, in schema `bullmq` of the given database. A publish wakes a blocked worker by NOTIFY. */
import { Socket } from "node:net";
import { createPostgresBackend, type PostgresQueueBackend } from "bullmq";
import type { BackendSource, OpenSource } from "./backend-source.ts";
import { patient } from "./outage.ts";
import type { QueueTuning } from "./tuning.ts";

/** The queue may lose its last moments in a crash (the reconciler refills it), so commits don't wait for the disk. */
const sessionOptions = "-c synchronous_commit=off";

export function postgresSource(url: string, tuning: QueueTuning): OpenSource {
  return (role) => {
    const sockets = new Set<Socket>();
    let isCut = false;
    let backend: PostgresQueueBackend | undefined;
    const { connectionString, options } = withoutOptions(url);
    const connection = {
      connectionString,
      options: [options, sessionOptions].filter((part) => part !== "").join(" "),
      schema: "bullmq",
      migrate: true,
      max: tuning.poolSize,
      application_name: `rightsize-queue-${role}`,
      connectionTimeoutMillis: tuning.answerWithinMs,
      query_timeout: 3 * tuning.answerWithinMs,
      keepAlive: true,
      // Own sockets, so that they can be cut: ending pg's pool waits for answers that may never come.
      stream: () => {
        const socket = new Socket();
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        if (isCut) socket.destroy();
        return socket;
      },
    };
    const source: BackendSource = {
      factory: (name, opts, factoryOptions) => {
        backend = createPostgresBackend(name, { ...opts, connection }, factoryOptions);
        return role === "consumer" ? patient(backend, tuning) : backend;
      },
      // BullMQ's own `waitUntilReady` connects, and says why where it can't.
      connected: async () => {},
      cut() {
        isCut = true;
        backend?.disconnect().catch(() => {});
        for (const socket of sockets) socket.destroy();
      },
    };
    return source;
  };
}

/** Takes `options` out of the URL: there it would win over the search path that BullMQ sets. */
function withoutOptions(url: string): { readonly connectionString: string; readonly options: string } {
  if (!URL.canParse(url)) return { connectionString: url, options: "" };
  const parsed = new URL(url);
  const options = parsed.searchParams.get("options") ?? "";
  parsed.searchParams.delete("options");
  return { connectionString: options === "" ? url : parsed.href, options };
}
