/** The store of API keys: the hash alone, valid by the database's clock. */
import type { KeyId } from "../../api-keys.ts";
import type { OwnerId, Sha256 } from "../../ids.ts";
import type { ApiKey } from "../../records.ts";

export interface NewApiKey {
  readonly id: KeyId;
  readonly owner: OwnerId;
  readonly name: string;
  readonly hash: Sha256;
  readonly scopes: ApiKey["scopes"];
  /** How long it is valid by the database's clock, in milliseconds; null for ever. */
  readonly validForMs: number | null;
}
/** A key with the hash to compare with; not `usable` once it was revoked or has expired by the database's clock. */
export interface StoredKey {
  readonly key: ApiKey;
  readonly hash: Sha256;
  readonly usable: boolean;
}
export interface KeyStore {
  create(key: NewApiKey): Promise<ApiKey>;
  /** Any owner's key: who asks doesn't know yet whose it is. */
  find(id: KeyId): Promise<StoredKey | null>;
  /** Those of these keys that are usable now, by the database's clock. */
  usableAmong(ids: readonly KeyId[]): Promise<readonly KeyId[]>;
  /** Of an owner, newest first, revoked and expired ones too. */
  list(owner: OwnerId): Promise<readonly ApiKey[]>;
  /** From now on it is not usable; revoking again changes nothing. null when the owner has no such key. */
  revoke(owner: OwnerId, id: KeyId): Promise<ApiKey | null>;
  /** Notes a use; writes at most once a minute. */
  used(id: KeyId): Promise<void>;
  /** Whether any key was ever made, revoked and expired ones too: a service with keys never goes back to answering everybody. */
  any(): Promise<boolean>;
}
