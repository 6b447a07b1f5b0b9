/** API keys in memory; the twin of postgres/keys.ts, on the injected clock. */
import type { ApiKey, KeyStore } from "@rightsize/core";
import { plain } from "../rules.ts";
import { newestFirst, type State } from "./state.ts";

const minuteMs = 60_000;

export function memoryKeys(state: State): KeyStore {
  const change = (id: string, changed: Partial<ApiKey>): ApiKey | null => {
    const row = state.keys.get(id);
    return row === undefined ? null : state.keys.set(id, { ...row, key: { ...row.key, ...changed } }).key;
  };
  const usable = ({ expiresAt, revokedAt }: ApiKey): boolean =>
    revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > state.now());
  return {
    async create({ hash, validForMs, ...given }) {
      return state.change(({ time, timeMs }) => {
        const expiresAt = validForMs === null ? null : new Date(timeMs + validForMs).toISOString();
        const key: ApiKey = { ...plain(given), createdAt: time, expiresAt, lastUsedAt: null, revokedAt: null };
        return state.keys.set(key.id, { key, hash }).key;
      });
    },
    async find(id) {
      const row = state.keys.get(id);
      return row === undefined ? null : { ...row, usable: usable(row.key) };
    },
    async usableAmong(ids) {
      const keys = state.keys.values().map(({ key }) => key);
      return keys.filter((key) => ids.includes(key.id) && usable(key)).map(({ id }) => id);
    },
    async list(owner) {
      const keys = state.keys.values().map(({ key }) => key);
      return keys.filter((key) => key.owner === owner).sort(newestFirst);
    },
    async revoke(owner, id) {
      return state.change(({ time }) => {
        const key = state.keys.get(id)?.key;
        return key?.owner === owner ? change(id, { revokedAt: key.revokedAt ?? time }) : null;
      });
    },
    async used(id) {
      state.change(({ time, timeMs }) => {
        const last = state.keys.get(id)?.key.lastUsedAt ?? null;
        if (last === null || Date.parse(last) < timeMs - minuteMs) change(id, { lastUsedAt: time });
      });
    },
    async any() {
      return state.keys.values().length > 0;
    },
  };
}
