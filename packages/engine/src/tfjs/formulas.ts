/** Activations and losses in TensorFlow.js ops; their gradients are TensorFlow's own, which keeps ours honest. */
import type { Activation } from "@rightsize/core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import type { ResolvedLoss } from "../loss.ts";
import type { Tf } from "./load.ts";

/** h = f(z), [rows, nodes]. */
export function activate(tf: Tf, activation: Activation, z: Tensor2D): Tensor2D {
  switch (activation) {
    case "relu":
      return tf.relu(z);
    case "tanh":
      return tf.tanh(z);
    case "sigmoid":
      return tf.sigmoid(z);
    case "leaky_relu":
      return tf.leakyRelu(z, 0.01);
    case "elu":
      return tf.elu(z);
    case "gelu":
      return tf.mul(z, tf.mul(tf.add(tf.erf(tf.mul(z, Math.SQRT1_2)), 1), 0.5));
    case "linear":
      return z;
    default:
      return activation satisfies never;
  }
}

/** Σ c × loss of each row: z [rows, outputs], y [rows, 1] (one-hot [rows, classes] for cross_entropy), c [rows, 1] summing to 1. */
export function weightedLoss(tf: Tf, loss: ResolvedLoss, z: Tensor2D, y: Tensor2D, c: Tensor2D): Scalar {
  const total = (rows: Tensor2D): Scalar => tf.sum(tf.mul(c, rows));
  switch (loss) {
    case "mean_squared_error":
      return total(tf.square(tf.sub(z, y)));
    case "mean_absolute_error":
      return total(tf.abs(tf.sub(z, y)));
    case "huber": {
      const e: Tensor2D = tf.sub(z, y);
      const s = tf.clipByValue(e, -1, 1);
      return total(tf.mul(s, tf.sub(e, tf.mul(s, 0.5))));
    }
    case "cross_entropy":
      return tf.neg(total(tf.sum(tf.mul(y, tf.logSoftmax(z)), 1, true)));
    case "binary_cross_entropy":
      return total(tf.sub(tf.softplus(z), tf.mul(y, z)));
    default:
      return loss satisfies never;
  }
}
