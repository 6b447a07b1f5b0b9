/** Keeps deletions apart from requests that have stored bytes which no row refers to yet: those would look unused. */

export interface ArtifactGate {
  /** For work that stores bytes and then the row that refers to them; any number at once. */
  storing<Result>(work: () => Promise<Result>): Promise<Result>;
  /** For work that deletes what nothing refers to: alone. */
  deleting<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Of this process: where several APIs share a folder, each keeps its own order only. */
export function createArtifactGate(): ArtifactGate {
  let lastDeletion: Promise<unknown> = Promise.resolve();
  const storing = new Set<Promise<unknown>>();
  const settled = (work: Promise<unknown>) =>
    work.then(
      () => {},
      () => {},
    );
  return {
    storing(work) {
      const result = lastDeletion.then(work);
      const under = settled(result);
      storing.add(under);
      void under.then(() => storing.delete(under));
      return result;
    },
    deleting(work) {
      const before = [lastDeletion, ...storing];
      const result = Promise.all(before).then(work);
      lastDeletion = settled(result);
      return result;
    },
  };
}
