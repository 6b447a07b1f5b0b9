/** One network being trained by onnxruntime: its parameters and moments live here, the graphs only transform them. */
import type { LayerWeights, NetworkSpec, TensorTable } from "@rightsize/core";
import { RightsizeError } from "@rightsize/core";
import { initialWeights } from "../initialise.ts";
import type { InspectableSession } from "../inspection.ts";
import { lossOf, meanLoss, predictionsOf } from "../loss.ts";
import { flatten, parameterLayout, unflatten } from "../parameters.ts";
import { pick } from "../row-weights.ts";
import { TrainingGroup } from "./group.ts";
import { buildInspectGraph } from "./inspect-graph.ts";
import { lossRules } from "./losses.ts";
import { optimizerRule } from "./optimizers.ts";
import { buildPredictGraph } from "./predict-graph.ts";
import type { GraphCache, Ort, OrtSession, OrtTensor } from "./runtime.ts";
import { createStepRunner, fusedSizes, type Member } from "./step-runner.ts";

/** Rows × widest layer of one prediction call: keeps its activations within a few MB. */
const predictionElements = 2 ** 19;

/** Opens one session for each seed. They train side by side: a chunk of one waits for the others that are still training. `fusing` chooses the graph. */
export async function openOnnxSessions(
  ort: Ort,
  cache: GraphCache,
  network: NetworkSpec,
  table: TensorTable,
  seeds: readonly number[],
  fusing: boolean,
): Promise<readonly InspectableSession[]> {
  const x = new ort.Tensor("float32", table.x, [table.rowCount, table.inputs]);
  const shape = [table.rowCount, 1];
  const y =
    lossOf(network) === "cross_entropy"
      ? new ort.Tensor("int32", Int32Array.from(table.y), shape)
      : new ort.Tensor("float32", table.y, shape);
  const runner = createStepRunner(ort, cache, network, table, x, y, fusing);
  const group = new TrainingGroup(runner.run, fusing ? (fusedSizes.at(-1) as number) : 1);
  let open = seeds.length;
  const closed = () => {
    open--;
    if (open === 0) runner.release();
  };
  return seeds.map((seed) => openMember({ ort, cache, network, table, seed, x, y, group, closed }));
}

interface MemberParts {
  readonly ort: Ort;
  readonly cache: GraphCache;
  readonly network: NetworkSpec;
  readonly table: TensorTable;
  readonly seed: number;
  readonly x: OrtTensor;
  readonly y: OrtTensor;
  readonly group: TrainingGroup;
  closed(): void;
}

function openMember({ ort, cache, network, table, seed, x, y, group, closed }: MemberParts): InspectableSession {
  const loss = lossOf(network);
  const layout = parameterLayout(network);
  const rule = optimizerRule(network.recipe.optimizer);
  const vectors = Array.from({ length: 1 + rule.momentCount }, () => new Float32Array(layout.count));
  const parameters = vectors[0] as Float32Array;
  flatten(layout, initialWeights(network, seed), parameters);
  const member: Member = { vectors, seed };
  group.join(member);

  const shape = JSON.stringify([network.inputs, network.outputs, network.capacity]);
  const tensor = (data: Float32Array, dims: readonly number[]) => new ort.Tensor("float32", data, dims);
  let predict: { readonly key: string; readonly session: OrtSession; readonly feeds: Record<string, OrtTensor> } | undefined;
  let disposed = false;

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

  return {
    train: (steps) => group.train(member, steps),
    async evaluate(rows) {
      const outputs = await outputsFor(rows);
      return meanLoss(loss, outputs, pick(table.y, rows), network.outputs);
    },
    async predict(rows) {
      return predictionsOf(loss, await outputsFor(rows), network.outputs);
    },
    async evaluateAndPredict(rows) {
      const outputs = await outputsFor(rows);
      return {
        loss: meanLoss(loss, outputs, pick(table.y, rows), network.outputs),
        predictions: predictionsOf(loss, outputs, network.outputs),
      };
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
      if (disposed) return;
      disposed = true;
      group.leave(member);
      if (predict !== undefined) cache.release(predict.key);
      predict = undefined;
      closed();
    },
  };
}
