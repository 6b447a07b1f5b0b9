/** Whoever watches a stream of events was let in once; this looks, while the stream is open, whether they still would be. */
import type { KeyId, Store } from "@rightsize/core";
import type { FastifyBaseLogger } from "fastify";
import type { Access, Caller } from "../access.ts";

export interface CallerWatch {
  /** Calls `refused` once the caller's key was revoked or has expired, or (without a key) once keys are needed. The returned function ends the watch. */
  watch(caller: Caller, refused: () => void): () => void;
  close(): void;
}

interface Watched {
  readonly keyId: KeyId | null;
  readonly refused: () => void;
}

/**
 * One question a round for all streams together, and none while there are none. A signal of a revocation could be lost, and an expiry
 * gives none: so it asks. While the store can't be reached streams stay, as requests of theirs would be told to try again.
 */
export function createCallerWatch(
  store: Pick<Store, "keys">,
  access: Access,
  options: { readonly everyMs: number; readonly log: FastifyBaseLogger },
): CallerWatch {
  const watched = new Set<Watched>();
  let looking = false;

  async function look(): Promise<void> {
    if (watched.size === 0 || looking) return;
    looking = true;
    try {
      const known = [...watched];
      const ids = [...new Set(known.flatMap(({ keyId }) => keyId ?? []))];
      const usable = new Set(ids.length === 0 ? [] : await store.keys.usableAmong(ids));
      const open = !(await access.required());
      for (const { keyId, refused } of known) if (keyId === null ? !open : !usable.has(keyId)) refused();
    } catch (error) {
      options.log.warn({ err: error }, "the keys of those who watch can't be looked at at the moment");
    } finally {
      looking = false;
    }
  }
  const timer = setInterval(() => void look(), options.everyMs);
  timer.unref();

  return {
    watch({ keyId }, refused) {
      const entry = { keyId, refused };
      watched.add(entry);
      return () => watched.delete(entry);
    },
    close: () => clearInterval(timer),
  };
}
