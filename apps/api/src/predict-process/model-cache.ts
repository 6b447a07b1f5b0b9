/** The models used last, loaded: least recently used out first, by number and by size. */
import type { Sha256 } from "@rightsize/core";

export interface CacheLimits {
  readonly models: number;
  /** Of the bundles together; the newest stays whatever its size. */
  readonly bytes: number;
}
export interface Cached<Model> {
  readonly model: Model;
  readonly sizeBytes: number;
}

/** Gives a model by its hash, loading it when it isn't there. One call at a time. */
export function createModelCache<Model extends { release(): Promise<void> }>(
  load: (path: string) => Promise<Cached<Model>>,
  limits: CacheLimits,
): (id: Sha256, path: string) => Promise<Model> {
  const kept = new Map<Sha256, Cached<Model>>();
  const tooMuch = () => kept.size > limits.models || [...kept.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > limits.bytes;
  return async (id, path) => {
    const entry = kept.get(id) ?? (await load(path));
    kept.delete(id);
    kept.set(id, entry);
    for (const [oldest, { model }] of kept) {
      if (oldest === id || !tooMuch()) break;
      kept.delete(oldest);
      await model.release();
    }
    return entry.model;
  };
}
