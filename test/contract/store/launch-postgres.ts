/** A launcher of its own process, for tests that kill it: `launch-postgres.ts <folder> [mode]` prints what it started, then waits. */
import { startEmbeddedPostgres } from "@rightsize/store";

const [folder = "", mode] = process.argv.slice(2);
startEmbeddedPostgres({ folder, ...(mode ? { mode: mode as "nobody" } : {}) }).then(
  (server) => {
    const { url, port, processId, adopted } = server;
    console.log(JSON.stringify({ url, port, processId, adopted, mode: server.mode }));
    process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
    setInterval(() => {}, 1000);
  },
  (error: unknown) => {
    console.log(JSON.stringify({ error: String(error) }));
    process.exit(1);
  },
);
