/** Plain SQL to the service's database, beside the service: what the invariants read. Survives restarts of Postgres. */
import { Pool, type QueryResultRow } from "pg";

export interface Database {
  rows<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** The first column of the first row. */
  value<Value>(sql: string, values?: readonly unknown[]): Promise<Value>;
  close(): Promise<void>;
}

export function openDatabase(url: string): Database {
  const pool = new Pool({ connectionString: url, max: 3, connectionTimeoutMillis: 5000 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const rows = async <Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
    (await pool.query<Row>(sql, [...values])).rows;
  return {
    rows,
    async value<Value>(sql: string, values: readonly unknown[] = []) {
      const [first] = await rows<Record<string, Value>>(sql, values);
      return Object.values(first ?? {})[0] as Value;
    },
    close: () => pool.end(),
  };
}
