/** Losses over a network's raw outputs, in float64: what validation scores are made of, the same for every engine. */
import { type LossName, type NetworkSpec, RightsizeError, type Task } from "@rightsize/core";

/** A loss with `auto` resolved. */
export type ResolvedLoss = Exclude<LossName, "auto">;

/** The loss of a task; throws `invalid_request` where the two don't fit. */
export function resolveLoss(loss: LossName, task: Task): ResolvedLoss {
  if (loss === "auto") return task === "regression" ? "mean_squared_error" : "cross_entropy";
  const classifies = loss === "cross_entropy" || loss === "binary_cross_entropy";
  if (classifies !== (task === "classification")) {
    throw new RightsizeError("invalid_request", `The loss ${loss} is not for ${task}.`, {
      issues: [
        {
          where: "/recipe/loss",
          received: loss,
          required:
            task === "regression"
              ? "mean_squared_error, mean_absolute_error, huber or auto"
              : "cross_entropy, binary_cross_entropy or auto",
        },
      ],
    });
  }
  return loss;
}

/** The loss of a network, checked against its outputs: regression and binary cross-entropy have one, softmax one a class. */
export function lossOf(network: NetworkSpec): ResolvedLoss {
  const loss = resolveLoss(network.recipe.loss, network.task);
  const right = loss === "cross_entropy" ? network.outputs >= 2 : network.outputs === 1;
  if (!right) {
    throw new RightsizeError("invalid_request", `A network with ${network.outputs} outputs can't be trained for ${loss}.`, {
      issues: [
        {
          where: "/outputs",
          received: String(network.outputs),
          required: loss === "cross_entropy" ? "one output a class, at least 2" : "1 output",
        },
      ],
    });
  }
  return loss;
}

/** The mean loss of raw outputs [rows, outputs] against targets [rows]; a sum in row order, so equal inputs give equal bits. */
export function meanLoss(loss: ResolvedLoss, outputs: Float32Array, targets: Float32Array, width: number): number {
  const rows = targets.length;
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += rowLoss(loss, outputs, row * width, width, targets[row] as number);
  return sum / rows;
}

function rowLoss(loss: ResolvedLoss, z: Float32Array, at: number, width: number, y: number): number {
  const value = z[at] as number;
  const e = value - y;
  switch (loss) {
    case "mean_squared_error":
      return e * e;
    case "mean_absolute_error":
      return Math.abs(e);
    case "huber":
      return Math.abs(e) <= 1 ? 0.5 * e * e : Math.abs(e) - 0.5;
    case "binary_cross_entropy":
      return Math.max(value, 0) - y * value + Math.log1p(Math.exp(-Math.abs(value)));
    case "cross_entropy": {
      let largest = value;
      for (let k = 1; k < width; k++) largest = Math.max(largest, z[at + k] as number);
      let total = 0;
      for (let k = 0; k < width; k++) total += Math.exp((z[at + k] as number) - largest);
      return largest + Math.log(total) - (z[at + y] as number);
    }
    default:
      return loss satisfies never;
  }
}

/** What `predict` gives: raw outputs for regression, class probabilities for the others (sigmoid: columns of class 0 and class 1). */
export function predictionsOf(loss: ResolvedLoss, outputs: Float32Array, width: number): Float32Array {
  switch (loss) {
    case "mean_squared_error":
    case "mean_absolute_error":
    case "huber":
      return outputs;
    case "binary_cross_entropy": {
      const shares = new Float32Array(outputs.length * 2);
      for (let row = 0; row < outputs.length; row++) {
        const one = 1 / (1 + Math.exp(-(outputs[row] as number)));
        shares[row * 2] = 1 - one;
        shares[row * 2 + 1] = one;
      }
      return shares;
    }
    case "cross_entropy": {
      const shares = new Float32Array(outputs.length);
      for (let at = 0; at < outputs.length; at += width) {
        let largest = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < width; k++) largest = Math.max(largest, outputs[at + k] as number);
        let total = 0;
        for (let k = 0; k < width; k++) total += Math.exp((outputs[at + k] as number) - largest);
        for (let k = 0; k < width; k++) shares[at + k] = Math.exp((outputs[at + k] as number) - largest) / total;
      }
      return shares;
    }
    default:
      return loss satisfies never;
  }
}
