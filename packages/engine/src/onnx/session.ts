/** One network being trained by onnxruntime: its parameters and moments live here, the graphs only transform them. */
import type { LayerWeights, NetworkSpec, StepBatch, TensorTable } from "@rightsize/core";
import { RightsizeError, resolveBatchSize } from "@rightsize/core";
import { fillDropoutMask } from "../dropout.ts";
import { initialWeights } from "../initialise.ts";
import type { InspectableSession } from "../inspection.ts";
import { lossOf, meanLoss, predictionsOf } from "../loss.ts";
import { flatten, parameterLayout, unflatten } from "../parameters.ts";
import { fillCoefficients, pick } from "../row-weights.ts";
import { buildInspectGraph } from "./inspect-graph.ts";
import { lossRules } from "./losses.ts";
import { optimizerRule } from "./optimizers.ts";
import { buildPredictGraph } from "./predict-graph.ts";
import type { GraphCache, Ort, OrtSession, OrtTensor } from "./runtime.ts";
import { buildTrainGraph, type TrainGraph } from "./train-graph.ts";

/** Rows × widest layer of one prediction call: keeps its activations within a few MB. */
const predictionElements = 2 ** 19;

export async function openOnnxSession(
  ort: Ort,
  cache: GraphCache,
  network: NetworkSpec,
  table: TensorTable,
  seed: number,
): Promise<InspectableSession> {
  const loss = lossOf(network);
  const layout = parameterLayout(network);
  const rule = optimizerRule(network.recipe.optimizer);
  const vectors = Array.from({ length: 1 + rule.momentCount }, () => new Float32Array(layout.count));
  const parameters = vectors[0] as Float32Array;
  flatten(layout, initialWeights(network, seed), parameters);

  const shape = JSON.stringify([network.inputs, network.outputs, network.capacity]);
  const tensor = (data: Float32Array, dims: readonly number[]) => new ort.Tensor("float32", data, dims);
  const x = tensor(table.x, [table.rowCount, table.inputs]);
  const y =
    loss === "cross_entropy"
      ? new ort.Tensor("int32", Int32Array.from(table.y), [table.rowCount, 1])
      : tensor(table.y, [table.rowCount, 1]);

  let train:
    | {
        readonly key: string;
        readonly graph: TrainGraph;
        readonly session: OrtSession;
        readonly batch: number;
        readonly state: Record<string, OrtTensor>;
        readonly fetches: Record<string, OrtTensor>;
      }
    | undefined;
  let predict: { readonly key: string; readonly session: OrtSession; readonly feeds: Record<string, OrtTensor> } | undefined;

  /** Compiles for the largest batch that is asked for; all steps of a run share one size, the last of an epoch is padded. */
  const trainer = async (batch: number) => {
    if (train !== undefined && train.batch >= batch) return train;
    if (train !== undefined) cache.release(train.key);
    const { activation, optimizer, l2, dropoutFraction, gradientClipNorm } = network.recipe;
    const key = JSON.stringify(["train", shape, loss, batch, activation, optimizer, l2, dropoutFraction > 0, gradientClipNorm]);
    const graph = buildTrainGraph(network, batch);
    const session = await cache.take(key, () => graph.model);
    const state: Record<string, OrtTensor> = {};
    const fetches: Record<string, OrtTensor> = {};
    for (const { name, shape: dims, vector, at } of graph.state) {
      const whole = vectors[vector] as Float32Array;
      state[name] = tensor(whole.subarray(at, at + dims[0] * dims[1]), dims);
      fetches[`next_${name}`] = state[name];
    }
    train = { key, graph, session, batch, state, fetches };
    return train;
  };
  /** The parameters as `w0`, `b0`, …: views, so they always hold the present values. */
  const weightFeeds = () => {
    const feeds: Record<string, OrtTensor> = {};
    for (const [layer, { fanIn, fanOut, weightsAt, biasesAt }] of layout.layers.entries()) {
      feeds[`w${layer}`] = tensor(parameters.subarray(weightsAt, weightsAt + fanIn * fanOut), [fanIn, fanOut]);
      feeds[`b${layer}`] = tensor(parameters.subarray(biasesAt, biasesAt + fanOut), [1, fanOut]);
    }
    return feeds;
  };
  const predictor = async () => {
    if (predict !== undefined) return predict;
    const key = JSON.stringify(["predict", shape, network.recipe.activation]);
    const session = await cache.take(key, () => buildPredictGraph(network));
    predict = { key, session, feeds: { x, ...weightFeeds() } };
    return predict;
  };
  /** Raw outputs [rows, outputs]. */
  const outputsFor = async (rows: Int32Array): Promise<Float32Array> => {
    const { session, feeds } = await predictor();
    const chunk = Math.max(64, Math.floor(predictionElements / Math.max(network.inputs, network.capacity.nodesPerLayer, network.outputs)));
    const outputs = new Float32Array(rows.length * network.outputs);
    for (let at = 0; at < rows.length; at += chunk) {
      const part = rows.subarray(at, Math.min(at + chunk, rows.length));
      const into = tensor(outputs.subarray(at * network.outputs, (at + part.length) * network.outputs), [part.length, network.outputs]);
      await session.run({ ...feeds, rows: new ort.Tensor("int32", part, [part.length]) }, { outputs: into });
    }
    return outputs;
  };

  const runChunk = async (steps: readonly StepBatch[]): Promise<Float64Array> => {
    if (steps.length === 0) return new Float64Array(0);
    const { graph, session, batch, state, fetches } = await trainer(largest(steps, network, table));
    const count = steps.length;
    const rows = new Int32Array(count * batch);
    const c = new Float32Array(count * batch);
    const numbers = graph.stepNumbers.map(() => new Float32Array(count));
    const nodes = network.capacity.nodesPerLayer;
    const masks = graph.maskedLayers.map(() => new Float32Array(count * batch * nodes));
    const factor = lossRules[loss].coefficientFactor;
    for (const [index, step] of steps.entries()) {
      const at = index * batch;
      rows.set(step.rows, at);
      rows.fill(step.rows[0] as number, at + step.rows.length, at + batch);
      fillCoefficients(c.subarray(at, at + step.rows.length), step.rows, table.y, network.classWeights, factor);
      const values = rule.numbers(step.learningRate, step.step);
      for (const [which, name] of graph.stepNumbers.entries()) (numbers[which] as Float32Array)[index] = values[name];
      for (const [which, layer] of graph.maskedLayers.entries()) {
        const mask = (masks[which] as Float32Array).subarray(at * nodes, (at + step.rows.length) * nodes);
        fillDropoutMask(mask, network.recipe.dropoutFraction, seed, step.step, layer);
      }
    }
    const feeds: Record<string, OrtTensor> = {
      ...state,
      x,
      y,
      rows: new ort.Tensor("int32", rows, [count, batch]),
      c: tensor(c, [count, batch, 1]),
    };
    for (const [which, name] of graph.stepNumbers.entries()) feeds[name] = tensor(numbers[which] as Float32Array, [count]);
    for (const [which, layer] of graph.maskedLayers.entries())
      feeds[`mask${layer}`] = tensor(masks[which] as Float32Array, [count, batch, nodes]);
    const losses = new Float32Array(count);
    await session.run(feeds, { ...fetches, losses: tensor(losses, [count, 1, 1]) });
    return Float64Array.from(losses);
  };

  return {
    train: runChunk,
    async evaluate(rows) {
      const outputs = await outputsFor(rows);
      return meanLoss(loss, outputs, pick(table.y, rows), network.outputs);
    },
    async predict(rows) {
      return predictionsOf(loss, await outputsFor(rows), network.outputs);
    },
    async inspect(rows) {
      if (layout.layers.length === 1) return [];
      const n = rows.length;
      const key = JSON.stringify(["inspect", shape, loss, n, network.recipe.activation]);
      const session = await cache.take(key, () => buildInspectGraph(network, n));
      try {
        const c = new Float32Array(n).fill(lossRules[loss].coefficientFactor / n);
        const seen = await session.run({ ...weightFeeds(), x, y, rows: new ort.Tensor("int32", rows, [n]), c: tensor(c, [n, 1]) });
        const values = (name: string) => Float32Array.from(seen[name]?.data as Float32Array);
        return layout.layers.slice(0, -1).map((_, layer) => ({
          largest: values(`largest${layer}`),
          smallest: values(`smallest${layer}`),
          saturatedFraction: values(`saturated${layer}`)[0] as number,
          gradientNorm: Math.sqrt(values(`gradient${layer}`)[0] as number),
        }));
      } finally {
        cache.release(key);
      }
    },
    weights: () => unflatten(layout, parameters),
    setWeights: (layers: readonly LayerWeights[]) => flatten(layout, layers, parameters),
    exportState() {
      const bytes = new Uint8Array(vectors.length * layout.count * 4);
      for (const [index, vector] of vectors.entries()) bytes.set(new Uint8Array(vector.buffer), index * layout.count * 4);
      return bytes;
    },
    importState(state) {
      const required = vectors.length * layout.count * 4;
      if (state.length !== required) {
        throw new RightsizeError("engine_failed", "This state belongs to another network or optimizer.", {
          issues: [{ where: "state", received: `${state.length} bytes`, required: `${required} bytes` }],
        });
      }
      for (const [index, vector] of vectors.entries()) {
        new Uint8Array(vector.buffer).set(state.subarray(index * layout.count * 4, (index + 1) * layout.count * 4));
      }
    },
    async dispose() {
      if (train !== undefined) cache.release(train.key);
      if (predict !== undefined) cache.release(predict.key);
      train = undefined;
      predict = undefined;
    },
  };
}

/** The batch size to compile for: the recipe's, never a short last batch's, so that bits don't depend on how steps are chunked. */
function largest(steps: readonly StepBatch[], network: NetworkSpec, table: TensorTable): number {
  const usual = resolveBatchSize(network.recipe.batchSize, table.rowCount);
  return steps.reduce((most, step) => Math.max(most, step.rows.length), usual);
}
