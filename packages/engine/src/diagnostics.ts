/** Diagnostics and verdicts of a trained network. */
import type { Diagnostics, NetworkSession } from "@rightsize/core";
import type { StoppingState } from "./early-stopping.ts";
import type { TrainJob } from "./train-job.ts";

export interface TrainedCurve {
  readonly stopping: StoppingState;
  readonly bestTrainingLoss: number;
  readonly finalTrainingLoss: number;
  readonly finalValidationLoss: number;
  readonly epochs: number;
  readonly capped: boolean;
}

export async function diagnose(_session: NetworkSession, _job: TrainJob, curve: TrainedCurve): Promise<Diagnostics> {
  const symptoms: Diagnostics["symptoms"][number][] = [];
  if (curve.capped) {
    symptoms.push({
      symptom: "capped",
      sentence: `Training ended at the cap of ${curve.epochs} epochs, and epoch ${curve.stopping.bestEpoch} was still the best.`,
    });
  }
  return { layers: [], symptoms };
}
