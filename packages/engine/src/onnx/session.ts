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
import { tableWithOnes } from "./packed.ts";
import { createPredictor, type Predictor, weightFeeds } from "./predictor.ts";
import type { GraphCache, Ort, OrtTensor } from "./runtime.ts";
import { createStepRunner, fusedSizes, type Member } from "./step-runner.ts";

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
  const wide = fusing ? tableWithOnes(table) : null;
  const input = wide === null ? x : new ort.Tensor("float32", wide, [table.rowCount, table.inputs + 1]);
  const runner = createStepRunner(ort, cache, network, table, input, fusing);
  const group = new TrainingGroup(runner.run, fusing ? (fusedSizes.at(-1) as number) : 1);
  const predictor = createPredictor(ort, cache, network, input, fusing);
  let open = seeds.length;
  const closed = () => {
    open--;
    if (open > 0) return;
    runner.release();
    predictor.release();
  };
  return seeds.map((seed) => openMember({ ort, cache, network, table, seed, x, y, group, predictor, closed }));
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
  readonly predictor: Predictor;
  closed(): void;
}

function openMember({ ort, cache, network, table, seed, x, y, group, predictor, closed }: MemberParts): InspectableSession {
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
  let disposed = false;

  return {
    train: (steps) => group.train(member, steps),
    async evaluate(rows) {
      const outputs = await predictor.outputs(parameters, rows);
      return meanLoss(loss, outputs, pick(table.y, rows), network.outputs);
    },
    async predict(rows) {
      return predictionsOf(loss, await predictor.outputs(parameters, rows), network.outputs);
    },
    async evaluateAndPredict(rows) {
      const outputs = await predictor.outputs(parameters, rows);
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
        const seen = await session.run({
          ...weightFeeds(ort, layout, parameters),
          x,
          y,
          rows: new ort.Tensor("int32", rows, [n]),
          c: tensor(c, [n, 1]),
        });
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
      closed();
    },
  };
}
