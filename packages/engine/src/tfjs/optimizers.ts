/** Optimizer updates in TensorFlow.js ops, in the textbook form (see ../onnx/optimizers.ts for sources). */
import type { Optimizer } from "@rightsize/core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Tf } from "./load.ts";

export function momentCount(optimizer: Optimizer): number {
  if (optimizer.kind !== "sgd") return 2;
  return optimizer.momentum === 0 ? 0 : 1;
}

/** The parameter and its moments after a step; `decays` is true for weights, false for biases. */
export function update(
  tf: Tf,
  optimizer: Optimizer,
  at: {
    readonly parameter: Tensor;
    readonly gradient: Tensor;
    readonly moments: readonly Tensor[];
    readonly rate: number;
    readonly step: number;
    readonly decays: boolean;
  },
): readonly Tensor[] {
  const { parameter, gradient, moments, rate, step } = at;
  if (optimizer.kind === "sgd") {
    const [velocity] = moments;
    if (velocity === undefined) return [tf.sub(parameter, tf.mul(gradient, rate))];
    const next = tf.add(tf.mul(velocity, optimizer.momentum), gradient);
    const direction = optimizer.nesterov ? tf.add(tf.mul(next, optimizer.momentum), gradient) : next;
    return [tf.sub(parameter, tf.mul(direction, rate)), next];
  }
  const { beta1, beta2, epsilon } = optimizer;
  const [first, second] = moments as [Tensor, Tensor];
  const m = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1));
  const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const root = tf.add(tf.sqrt(tf.mul(v, 1 / (1 - beta2 ** step))), epsilon);
  const direction = tf.div(tf.mul(m, 1 / (1 - beta1 ** step)), root);
  const decay = optimizer.kind === "adamw" && at.decays ? 1 - rate * optimizer.weightDecay : 1;
  return [tf.sub(decay === 1 ? parameter : tf.mul(parameter, decay), tf.mul(direction, rate)), m, v];
}
