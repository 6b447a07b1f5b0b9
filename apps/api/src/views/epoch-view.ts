/** Epochs as the API shows them: whole curves, or as many points as a chart can show. */
import type { EpochList } from "@rightsize/contract";
import type { EpochRecord } from "@rightsize/core";

type EpochView = EpochList["runs"][number]["epochs"][number];

/** Epochs for people. Where training diverged losses are infinite or no numbers, which JSON can't say: those are left out. */
export function epochViews(records: readonly EpochRecord[]): EpochView[] {
  return records
    .filter(({ trainingLoss, validationLoss }) => Number.isFinite(trainingLoss) && Number.isFinite(validationLoss))
    .map(({ epoch, trainingLoss, validationLoss, learningRate, metrics, diagnostics }) => ({
      epoch,
      trainingLoss,
      validationLoss,
      learningRate,
      ...(metrics === undefined ? {} : { metrics }),
      ...(diagnostics === undefined ? {} : { diagnostics: [...diagnostics] }),
    }));
}
