/** Says at once, and clearly, that a port can't be listened on, before anything is started for it. */
import { createServer } from "node:net";
import { CliError } from "../errors.ts";

/** Throws a CliError that names the way out. Port 0 (any free one) is always fine. */
export async function checkPort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const error = await tryToListen(host, port);
  if (error === null) return;
  switch (error.code) {
    case "EADDRINUSE":
      throw new CliError(
        `Port ${port} on ${host} is taken by another program (perhaps another Rightsize).\n` +
          `Choose another: npm start -- --port ${port + 1}      any free one: npm start -- --port 0`,
      );
    case "EACCES":
      throw new CliError(`Port ${port} needs more rights than this user has. Choose one above 1023: npm start -- --port 7421`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      throw new CliError(`This machine has no address ${host}. Use 127.0.0.1, or one of its own addresses, with --host.`);
    default:
      throw new CliError(`Port ${port} on ${host} can't be used: ${error.message}`);
  }
}

function tryToListen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
