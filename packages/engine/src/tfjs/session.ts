/** One network being trained by TensorFlow.js: variables on its backend, gradients by its own differentiation. */
import { type LayerWeights, type NetworkSpec, RightsizeError, type StepBatch, type TensorTable } from "@rightsize/core";
import type { Scalar, Tensor, Tensor2D, Variable } from "@tensorflow/tfjs-core";
import { fillDropoutMask } from "../dropout.ts";
import { initialWeights } from "../initialise.ts";
import { type InspectableSession, saturationBounds } from "../inspection.ts";
import { lossOf, meanLoss, predictionsOf } from "../loss.ts";
import { flatten, parameterLayout } from "../parameters.ts";
import { fillCoefficients, pick } from "../row-weights.ts";
import { activate, weightedLoss } from "./formulas.ts";
import type { Tf } from "./load.ts";
import { momentCount, update } from "./optimizers.ts";

const predictionRows = 4096;

export function openTensorFlowSession(tf: Tf, network: NetworkSpec, table: TensorTable, seed: number): InspectableSession {
  const { recipe } = network;
  const loss = lossOf(network);
  const layout = parameterLayout(network);
  const layerCount = layout.layers.length;
  const x = tf.tensor2d(table.x, [table.rowCount, table.inputs]);
  /** Vector 0 the parameters, then the moments; each holds all weights, then all biases, as tensors. */
  const vectors: Variable[][] = Array.from({ length: 1 + momentCount(recipe.optimizer) }, () => [
    ...layout.layers.map(({ fanIn, fanOut }) => variable(tf, [fanIn, fanOut])),
    ...layout.layers.map(({ fanOut }) => variable(tf, [1, fanOut])),
  ]);
  const parameters = vectors[0] as Variable[];

  const setWeights = (layers: readonly LayerWeights[]) => {
    flatten(layout, layers, new Float32Array(layout.count));
    for (const [index, { weights, biases }] of layers.entries()) {
      assign(tf, parameters[index] as Variable, Float32Array.from(weights));
      assign(tf, parameters[layerCount + index] as Variable, Float32Array.from(biases));
    }
  };
  setWeights(initialWeights(network, seed));

  /** Raw outputs, and the activations on the way. */
  const forward = (input: Tensor2D, masks: readonly Tensor2D[]): { readonly outputs: Tensor2D; readonly hidden: readonly Tensor2D[] } => {
    const hidden: Tensor2D[] = [];
    let h = input;
    for (let layer = 0; layer < layerCount; layer++) {
      const z: Tensor2D = tf.add(tf.matMul(h, parameters[layer] as unknown as Tensor2D), parameters[layerCount + layer] as Tensor);
      if (layer === layerCount - 1) return { outputs: z, hidden };
      const activated = activate(tf, recipe.activation, z);
      hidden.push(activated);
      h = masks[layer] === undefined ? activated : tf.mul(activated, masks[layer] as Tensor2D);
    }
    throw new RangeError("a network has at least one layer");
  };
  /** Inputs, targets and row coefficients of some rows. */
  const batchOf = (rows: Int32Array) => {
    const c = new Float32Array(rows.length);
    fillCoefficients(c, 0, rows, table.y, network.classWeights, 1);
    const targets = pick(table.y, rows);
    const y =
      loss === "cross_entropy"
        ? tf.oneHot(tf.tensor1d(Int32Array.from(targets), "int32"), network.outputs, 1, 0, "float32")
        : tf.tensor2d(targets, [rows.length, 1]);
    return { input: tf.gather(x, tf.tensor1d(rows, "int32")), y: y as Tensor2D, c: tf.tensor2d(c, [rows.length, 1]) };
  };
  const gradientsOf = (input: Tensor2D, y: Tensor2D, c: Tensor2D, masks: readonly Tensor2D[]) => {
    const { value, grads } = tf.variableGrads(() => weightedLoss(tf, loss, forward(input, masks).outputs, y, c), parameters);
    return { value, gradients: parameters.map((one) => grads[one.name] as Tensor) };
  };

  const takeStep = (step: StepBatch): Scalar =>
    tf.tidy(() => {
      const { input, y, c } = batchOf(step.rows);
      const { value, gradients } = gradientsOf(input, y, c, masksFor(tf, network, step, seed));
      const penalised = gradients.map((gradient, index) =>
        recipe.l2 > 0 && index < layerCount ? tf.add(gradient, tf.mul(parameters[index] as Tensor, recipe.l2)) : gradient,
      );
      const clipped = clip(tf, penalised, recipe.gradientClipNorm);
      for (const [index, gradient] of clipped.entries()) {
        const [parameter, ...moments] = vectors.map((vector) => vector[index] as Variable);
        const at = {
          parameter: parameter as Tensor,
          gradient,
          moments,
          rate: step.learningRate,
          step: step.step,
          decays: index < layerCount,
        };
        for (const [which, tensor] of update(tf, recipe.optimizer, at).entries())
          ((vectors[which] as Variable[])[index] as Variable).assign(tensor);
      }
      return value;
    });

  const outputsFor = async (rows: Int32Array): Promise<Float32Array> => {
    const outputs = new Float32Array(rows.length * network.outputs);
    for (let at = 0; at < rows.length; at += predictionRows) {
      const part = rows.subarray(at, at + predictionRows);
      const tensor = tf.tidy(() => forward(tf.gather(x, tf.tensor1d(part, "int32")), []).outputs);
      outputs.set(await tensor.data(), at * network.outputs);
      tensor.dispose();
    }
    return outputs;
  };

  return {
    async train(steps) {
      const losses = steps.map(takeStep);
      const values = Float64Array.from(losses, (one) => one.dataSync()[0] as number);
      tf.dispose(losses);
      return values;
    },
    evaluate: async (rows) => meanLoss(loss, await outputsFor(rows), pick(table.y, rows), network.outputs),
    predict: async (rows) => predictionsOf(loss, await outputsFor(rows), network.outputs),
    async evaluateAndPredict(rows) {
      const outputs = await outputsFor(rows);
      return {
        loss: meanLoss(loss, outputs, pick(table.y, rows), network.outputs),
        predictions: predictionsOf(loss, outputs, network.outputs),
      };
    },
    async inspect(rows) {
      return tf.tidy(() => {
        const { input, y, c } = batchOf(rows);
        const { gradients } = gradientsOf(input, y, c, []);
        return forward(input, []).hidden.map((h, layer) => ({
          largest: Float32Array.from(tf.max(h, 0).dataSync()),
          smallest: Float32Array.from(tf.min(h, 0).dataSync()),
          saturatedFraction: saturatedFraction(tf, h, recipe.activation),
          gradientNorm: Math.sqrt(tf.sum(tf.square(gradients[layer] as Tensor)).dataSync()[0] as number),
        }));
      });
    },
    weights: () =>
      layout.layers.map((_, layer) => ({
        weights: Float32Array.from((parameters[layer] as Variable).dataSync()),
        biases: Float32Array.from((parameters[layerCount + layer] as Variable).dataSync()),
      })),
    setWeights,
    exportState() {
      const state = new Float32Array(vectors.length * layout.count);
      let at = 0;
      for (const one of vectors.flat()) {
        state.set(one.dataSync(), at);
        at += one.size;
      }
      return new Uint8Array(state.buffer);
    },
    importState(bytes) {
      const required = vectors.length * layout.count * 4;
      if (bytes.length !== required) {
        throw new RightsizeError("engine_failed", "This state belongs to another network or optimizer.", {
          issues: [{ where: "state", received: `${bytes.length} bytes`, required: `${required} bytes` }],
        });
      }
      const state = new Float32Array(bytes.slice().buffer);
      let at = 0;
      for (const one of vectors.flat()) {
        assign(tf, one, state.slice(at, at + one.size));
        at += one.size;
      }
    },
    async dispose() {
      tf.dispose([x, ...vectors.flat()]);
    },
  };
}

function variable(tf: Tf, shape: [number, number]): Variable {
  const zeros = tf.zeros(shape);
  const made = tf.variable(zeros);
  zeros.dispose();
  return made;
}

function assign(tf: Tf, target: Variable, values: Float32Array): void {
  tf.tidy(() => target.assign(tf.tensor(values, target.shape)));
}

function masksFor(tf: Tf, network: NetworkSpec, step: StepBatch, seed: number): Tensor2D[] {
  const { capacity, recipe } = network;
  if (recipe.dropoutFraction === 0) return [];
  return Array.from({ length: capacity.hiddenLayers }, (_, layer) => {
    const mask = new Float32Array(step.rows.length * capacity.nodesPerLayer);
    fillDropoutMask(mask, recipe.dropoutFraction, seed, step.step, layer);
    return tf.tensor2d(mask, [step.rows.length, capacity.nodesPerLayer]);
  });
}

/** Scales all gradients down where their common norm is above `limit`; see ../onnx/train-graph.ts. */
function clip(tf: Tf, gradients: readonly Tensor[], limit: number | null): readonly Tensor[] {
  if (limit === null) return gradients;
  const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  const factor = tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1);
  return gradients.map((gradient) => tf.mul(gradient, factor));
}

function saturatedFraction(tf: Tf, h: Tensor2D, activation: string): number {
  const bounds = saturationBounds(activation);
  if (bounds === null) return 0;
  const outside = tf.logicalOr(tf.less(h, bounds.low), tf.greater(h, bounds.high));
  return tf.mean(tf.cast(outside, "float32")).dataSync()[0] as number;
}
