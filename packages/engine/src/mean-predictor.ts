/** The loss of always answering the same: the training rows' mean, or their class shares. */
import { meanLoss, type ResolvedLoss } from "./loss.ts";
import { pick } from "./row-weights.ts";

/** The mean loss over the rows of the best constant answer for squared error and the likelihoods (the mean, the class shares). */
export function meanPredictorLoss(loss: ResolvedLoss, y: Float32Array, rows: Int32Array, width: number): number {
  const targets = pick(y, rows);
  const answer = constantAnswer(loss, targets, width);
  const outputs = new Float32Array(targets.length * width);
  if (width === 1) outputs.fill(answer[0] as number);
  else for (let at = 0; at < outputs.length; at++) outputs[at] = answer[at % width] as number;
  return meanLoss(loss, outputs, targets, width);
}

/** Raw outputs [width] of the constant answer. */
function constantAnswer(loss: ResolvedLoss, targets: Float32Array, width: number): readonly number[] {
  const mean = targets.reduce((sum, value) => sum + value, 0) / targets.length;
  switch (loss) {
    case "mean_squared_error":
    case "mean_absolute_error":
    case "huber":
      return [mean];
    case "binary_cross_entropy":
      return [Math.log(Math.max(mean, 1e-12) / Math.max(1 - mean, 1e-12))];
    case "cross_entropy": {
      const counts = new Float64Array(width);
      for (const target of targets) counts[target] = (counts[target] as number) + 1;
      return Array.from(counts, (count) => Math.log(Math.max(count / targets.length, 1e-12)));
    }
    default:
      return loss satisfies never;
  }
}
