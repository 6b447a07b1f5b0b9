/** API keys: their form, their scopes, and the hash that is kept in their place. */
import type { Id, Sha256 } from "./ids.ts";

/** `read` looks, `write` uploads, asks and deletes, `worker` moves artifacts, `admin` manages keys. None includes another. */
export const keyScopes = ["read", "write", "worker", "admin"] as const;
export type KeyScope = (typeof keyScopes)[number];

/** The public part of a key, for example `key_5f0c…` (16 hexadecimal digits). */
export type KeyId = Id<"key">;

/** A new key. `token` is what its holder sends, `rsk_<id>_<256 random bits>`: it is shown once and kept nowhere. */
export interface NewKey {
  readonly id: KeyId;
  readonly token: string;
  readonly hash: Sha256;
}

const tokenPattern = /^rsk_([0-9a-f]{16})_[0-9a-f]{64}$/;

export async function newKey(): Promise<NewKey> {
  const [name, secret] = [randomHex(8), randomHex(32)];
  const token = `rsk_${name}_${secret}`;
  return { id: `key_${name}` as KeyId, token, hash: await keyHash(token) };
}

/** The id of the key that a token claims to be; null for anything that isn't a token. */
export function keyIdOf(token: string): KeyId | null {
  const name = tokenPattern.exec(token)?.[1];
  return name === undefined ? null : (`key_${name}` as KeyId);
}

/** SHA-256 of a token. It needs no salt and no slow function: 256 random bits can't be guessed. */
export async function keyHash(token: string): Promise<Sha256> {
  return hex(new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)))) as Sha256;
}

function randomHex(byteCount: number): string {
  return hex(globalThis.crypto.getRandomValues(new Uint8Array(byteCount)));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
