/** Sweeps in memory: artifacts that were noted as unneeded, their bytes deleted first, then the notes; the twin of postgres/sweep.ts. */
import type { Sha256 } from "@rightsize/core";
import { unreferenced } from "./remove.ts";
import type { State } from "./state.ts";

export type Sweep = (
  limit: number,
  remove: (artifacts: readonly Sha256[]) => Promise<void>,
) => Promise<{ readonly taken: number; readonly removed: number }>;

/** `due` gives what may go now of what `notes` holds. What a sweep under way has taken others pass by, as with SKIP LOCKED. */
export function sweepOf(state: State, due: () => readonly Sha256[], notes: { delete(artifact: string): void }): Sweep {
  const sweeping = new Set<string>();
  return async (limit, remove) => {
    const taken = due()
      .filter((artifact) => !sweeping.has(artifact))
      .slice(0, limit);
    if (taken.length === 0) return { taken: 0, removed: 0 };
    const { artifacts } = unreferenced(state, taken);
    for (const artifact of taken) sweeping.add(artifact);
    try {
      await remove(artifacts);
      state.change(() => {
        for (const artifact of taken) notes.delete(artifact);
      });
      return { taken: taken.length, removed: artifacts.length };
    } finally {
      for (const artifact of taken) sweeping.delete(artifact);
    }
  };
}
