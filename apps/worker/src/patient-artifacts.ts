/** An artifact store that waits while bytes can't be written or read: a full disk or an absent server must not cost a trained run. */
import { type ArtifactStore, asRightsizeError } from "@rightsize/core";

export interface Patience {
  /** Between two tries, in milliseconds. */
  readonly retryMs: number;
  /** After this long the error is the caller's, in milliseconds: the attempt ends with its reason. */
  readonly forMs: number;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
}
export const artifactPatience = { retryMs: 500, forMs: 120_000 } as const;

/** The same store; what it calls `unavailable` is tried again. A stream that was begun is not: bytes that were read can't be read twice. */
export function patientArtifacts(artifacts: ArtifactStore, { retryMs, forMs, now }: Patience): ArtifactStore {
  const patiently = async <Value>(act: () => Promise<Value>): Promise<Value> => {
    const giveUpAt = now() + forMs;
    for (;;) {
      try {
        return await act();
      } catch (thrown) {
        if (asRightsizeError(thrown).code !== "unavailable" || now() >= giveUpAt) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };
  return {
    ...artifacts,
    put: (source, options) =>
      source instanceof Uint8Array ? patiently(() => artifacts.put(source, options)) : artifacts.put(source, options),
    read: (id) => patiently(() => artifacts.read(id)),
    localPath: (id) => patiently(() => artifacts.localPath(id)),
  };
}
