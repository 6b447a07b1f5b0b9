/** What Postgres, pg and Prisma throw, as errors of ours: the unreachable is `unavailable`, a lost race may be tried again. */
import { RightsizeError } from "@rightsize/core";

/** The innermost code of an error: an SQLSTATE (`40001`), a socket's code (`ECONNREFUSED`) or Prisma's (`P2002`). */
function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  // Prisma wraps the driver's error in `cause` or `meta.driverAdapterError.cause`, with `originalCode` or `kind`.
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || depth > 4) return;
    const found = value as {
      code?: unknown;
      originalCode?: unknown;
      kind?: unknown;
      cause?: unknown;
      meta?: { driverAdapterError?: unknown };
    };
    for (const code of [found.code, found.originalCode, found.kind]) if (typeof code === "string") codes.push(code);
    look(found.cause, depth + 1);
    look(found.meta?.driverAdapterError, depth + 1);
  };
  look(error, 0);
  return codes;
}

const unreachable =
  /^(08...|57P0[1235]|53[123]00|25P03|E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND)|P1001|P1002|P1008|P1017|P2024|P2037|DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections)$/;
const unreachableMessage =
  /Connection terminated|connection timeout|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|not queryable|Cannot use a pool after|Client was closed/i;

/** Whether the database could not be reached or ended the connection: nothing is known of what it did last. */
export function isUnreachable(error: unknown): boolean {
  if (codesOf(error).some((code) => unreachable.test(code))) return true;
  return error instanceof Error && unreachableMessage.test(error.message);
}

/** Whether two transactions stood in each other's way (serialization failure, deadlock) and this one should simply be tried again. */
export function isLostRace(error: unknown): boolean {
  return codesOf(error).some((code) => code === "40001" || code === "40P01");
}

/** Whether a unique constraint refused a row. */
export function isDuplicate(error: unknown): boolean {
  return codesOf(error).some((code) => code === "23505" || code === "P2002");
}

/** A database's error as one of ours. What isn't the database's (an error of the caller's own function) stays what it is. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof RightsizeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isUnreachable(error)) {
    return new RightsizeError("unavailable", `The database can't be reached: ${message || codesOf(error).join(" ")}`, { cause: error });
  }
  if (isDuplicate(error)) return new RightsizeError("conflict", `There is one of these already: ${message}`, { cause: error });
  if (codesOf(error).length > 0) return new RightsizeError("internal", `The database refused: ${message}`, { cause: error });
  return error;
}
