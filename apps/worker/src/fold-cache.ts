/** Keeps a trainer's prepared tables while there is room for them, so that the next run on the same data starts at once. */
import type { ArtifactStore, Sha256 } from "@rightsize/core";
import { buildTensors, type FoldTensors, openColumns, openPlan, type PlanFile } from "@rightsize/data";

export interface PreparedFold {
  readonly plan: PlanFile;
  readonly fold: FoldTensors;
}

/** A fold by the hashes of its table and plan; throws what reading them throws. */
export type FoldCache = (columns: Sha256, plan: Sha256, fold: number) => Promise<PreparedFold>;

interface Kept {
  readonly prepared: Promise<PreparedFold>;
  /** 0 while it is prepared. */
  bytes: number;
}

/** Keeps the folds that were used last as long as they take at most `keptBytes` together; the last one always. */
export function createFoldCache(artifacts: ArtifactStore, keptBytes: number): FoldCache {
  const kept = new Map<string, Kept>();
  const prepare = async (columns: Sha256, plan: Sha256, fold: number): Promise<PreparedFold> => {
    const planFile = openPlan(await artifacts.read(plan));
    const table = await openColumns(await artifacts.localPath(columns));
    return { plan: planFile, fold: buildTensors(table, planFile, fold) };
  };
  const makeRoom = () => {
    let bytes = 0;
    for (const entry of kept.values()) bytes += entry.bytes;
    for (const [key, entry] of kept) {
      if (bytes <= keptBytes || kept.size === 1) return;
      if (entry.bytes === 0) continue;
      kept.delete(key);
      bytes -= entry.bytes;
    }
  };
  return (columns, plan, fold) => {
    const key = `${columns} ${plan} ${fold}`;
    const entry: Kept = kept.get(key) ?? { prepared: prepare(columns, plan, fold), bytes: 0 };
    // Written again at the end: a map's order is then the order of use.
    kept.delete(key);
    kept.set(key, entry);
    if (entry.bytes === 0) {
      entry.prepared.then(
        (prepared) => {
          entry.bytes = bytesOf(prepared);
          makeRoom();
        },
        () => kept.delete(key),
      );
    }
    return entry.prepared;
  };
}

/** Memory of a prepared fold, in bytes: its tensors are nearly all of it. */
function bytesOf({ plan, fold: { tensors, rows } }: PreparedFold): number {
  const arrays = [tensors.x, tensors.y, rows.training, rows.validation, rows.test, plan.roles];
  return arrays.reduce((sum, array) => sum + array.byteLength, 0);
}
