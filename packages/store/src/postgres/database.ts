/** One pool of connections for both ways to Postgres: Prisma for plain reads and writes, SQL in transactions for the work loop. */
import { setTimeout as sleep } from "node:timers/promises";
import { PrismaPg } from "@prisma/adapter-pg";
import { Pool, type PoolClient, type QueryResultRow, types } from "pg";
import { PrismaClient } from "../generated/client.ts";
import { asStoreError, isLostRace, isUnreachable } from "./errors.ts";

/** Runs one statement; rows come as Prisma's row types when they are selected with the columns of rows.ts. */
export interface Sql {
  query<Row extends QueryResultRow = QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

export interface Database {
  readonly prisma: PrismaClient;
  /** A statement of its own transaction. */
  readonly sql: Sql;
  /** All or nothing. Work may be run again when it lost a race (deadlock, serialization), so it must not have effects elsewhere. */
  transaction<Result>(work: (sql: Sql) => Promise<Result>, kind?: "write" | "snapshot"): Promise<Result>;
  /** Runs a statement or transaction: again when it lost a race, and with the database's errors as ours. */
  guard<Result>(work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

// Sessions speak UTC (Prisma's adapter reads and writes timestamps without shifting them), and neither a client that hangs inside a
// transaction nor one whose machine is gone may hold an experiment's lock for hours.
const sessionOptions = [
  "TimeZone=UTC",
  "idle_in_transaction_session_timeout=60000",
  "lock_timeout=20000",
  "tcp_keepalives_idle=30",
  "tcp_keepalives_interval=10",
  "tcp_keepalives_count=3",
]
  .map((option) => `-c ${option}`)
  .join(" ");

const int8Oid = 20;
const mostTries = 8;

/** The connection settings of a URL with our session's options (and the URL's own `options` after them). */
export function connectionSettings(url: string): { connectionString: string } {
  const parsed = new URL(url);
  const own = parsed.searchParams.get("options");
  parsed.searchParams.set("options", own === null ? sessionOptions : `${sessionOptions} ${own}`);
  return { connectionString: parsed.href };
}

/**
 * Connects lazily: a database that is down shows at the first use. `poolSize` is the most connections, all uses together; a statement
 * without an answer for `queryTimeoutMs` counts as unreachable (a line that was cut without a word).
 */
export function openDatabase(url: string, poolSize: number, queryTimeoutMs: number): Database {
  const pool = new Pool({
    ...connectionSettings(url),
    max: poolSize,
    connectionTimeoutMillis: Math.min(15_000, queryTimeoutMs),
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    // bigint as Prisma gives it, so that rows of both ways have one type.
    types: { getTypeParser: (oid, format) => (oid === int8Oid ? BigInt : types.getTypeParser(oid, format)) as never },
  });
  // A restart of Postgres ends idle and busy connections: without handlers that would end this process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });

  // Named, so that each connection parses and plans a statement once: that halves Postgres's work for small transactions.
  const names = new Map<string, string>();
  const nameOf = (text: string) => {
    const name = names.get(text) ?? `s${names.size + 1}`;
    names.set(text, name);
    return name;
  };
  const onClient = (client: Pool | PoolClient): Sql => ({
    query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>({ name: nameOf(text), text, values: values as unknown[] })).rows,
  });

  async function once<Result>(work: (sql: Sql) => Promise<Result>, begin: string): Promise<Result> {
    const client = await pool.connect();
    let broken = false;
    try {
      await client.query(begin);
      const result = await work(onClient(client));
      await client.query("COMMIT");
      return result;
    } catch (error) {
      if (isUnreachable(error)) broken = true;
      else await client.query("ROLLBACK").catch(() => (broken = true));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  // A lost race left nothing behind, so whatever lost it is simply done again.
  const guard = async <Result>(work: () => Promise<Result>) => {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (!isLostRace(error) || tries === mostTries) throw asStoreError(error);
        await sleep(2 ** tries);
      }
    }
  };

  return {
    prisma,
    sql: onClient(pool),
    guard,
    transaction: (work, kind = "write") =>
      guard(() => once(work, kind === "snapshot" ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN")),
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
