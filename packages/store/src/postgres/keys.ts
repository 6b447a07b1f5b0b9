/** API keys in Postgres: the hash alone, valid by Postgres's clock. */
import type { ApiKey, KeyId, KeyStore, Sha256 } from "@rightsize/core";
import type * as Rows from "../generated/client.ts";
import type { Database } from "./database.ts";
import { asKey } from "./rows.ts";

const columns = `id, owner, name, hash, scopes, created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt",
  revoked_at AS "revokedAt"`;

const usable = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())";

export function postgresKeys(database: Database): KeyStore {
  const { sql, guard } = database;
  return {
    create: (key) =>
      guard(async () => {
        const [row] = await sql.query<Rows.ApiKey>(
          `INSERT INTO api_keys (id, owner, name, hash, scopes, expires_at)
           VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6 * interval '1 millisecond') RETURNING ${columns}`,
          [key.id, key.owner, key.name, key.hash, [...key.scopes], key.validForMs],
        );
        return asKey(row as Rows.ApiKey);
      }),

    find: (id) =>
      guard(async () => {
        const [row] = await sql.query<Rows.ApiKey & { usable: boolean }>(
          `SELECT ${columns}, ${usable} AS usable FROM api_keys WHERE id = $1`,
          [id],
        );
        return row === undefined ? null : { key: asKey(row), hash: row.hash as Sha256, usable: row.usable };
      }),

    usableAmong: (ids) =>
      guard(async () => {
        const rows = await sql.query<{ id: KeyId }>(`SELECT id FROM api_keys WHERE id = ANY($1) AND ${usable}`, [ids]);
        return rows.map(({ id }) => id);
      }),

    list: (owner) =>
      guard(async () => {
        const rows = await sql.query<Rows.ApiKey>(`SELECT ${columns} FROM api_keys WHERE owner = $1 ORDER BY created_at DESC, id DESC`, [
          owner,
        ]);
        return rows.map(asKey);
      }),

    revoke: (owner, id) =>
      guard(async (): Promise<ApiKey | null> => {
        const [row] = await sql.query<Rows.ApiKey>(
          `UPDATE api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = $1 AND owner = $2 RETURNING ${columns}`,
          [id, owner],
        );
        return row === undefined ? null : asKey(row);
      }),

    used: (id) =>
      guard(async () => {
        await sql.query(
          `UPDATE api_keys SET last_used_at = clock_timestamp()
           WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')`,
          [id],
        );
      }),

    any: () =>
      guard(async () => {
        const [row] = await sql.query<{ any: boolean }>("SELECT EXISTS (SELECT 1 FROM api_keys) AS any");
        return row?.any ?? false;
      }),
  };
}
