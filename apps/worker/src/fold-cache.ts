/** Keeps the last few prepared tables of a trainer, so that the next run on the same data starts at once. */
import type { ArtifactStore, Sha256 } from "@rightsize/core";
import { buildTensors, type FoldTensors, openColumns, openPlan, type PlanFile } from "@rightsize/data";

export interface PreparedFold {
  readonly plan: PlanFile;
  readonly fold: FoldTensors;
}

/** Prepared folds kept; each holds one table as float32. */
const keptFolds = 4;

export function createFoldCache(artifacts: ArtifactStore): (columns: Sha256, plan: Sha256, fold: number) => Promise<PreparedFold> {
  const kept = new Map<string, Promise<PreparedFold>>();
  const prepare = async (columns: Sha256, plan: Sha256, fold: number): Promise<PreparedFold> => {
    const planFile = openPlan(await artifacts.read(plan));
    const table = await openColumns(await artifacts.localPath(columns));
    return { plan: planFile, fold: buildTensors(table, planFile, fold) };
  };
  return (columns, plan, fold) => {
    const key = `${columns} ${plan} ${fold}`;
    const known = kept.get(key);
    const prepared = known ?? prepare(columns, plan, fold);
    kept.delete(key);
    kept.set(key, prepared);
    prepared.catch(() => kept.delete(key));
    for (const oldest of kept.keys()) {
      if (kept.size <= keptFolds) break;
      kept.delete(oldest);
    }
    return prepared;
  };
}
