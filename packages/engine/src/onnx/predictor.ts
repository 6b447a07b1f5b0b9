/** Raw outputs of networks of one shape for rows of their table; small networks that ask at the same time share one run of the graph. */
import type { NetworkSpec } from "@rightsize/core";
import { type ParameterLayout, parameterLayout } from "../parameters.ts";
import { copyIn, outputsLie, packedOrder } from "./packed.ts";
import { buildFusedPredictGraph, buildPredictGraph } from "./predict-graph.ts";
import type { GraphCache, Ort, OrtSession, OrtTensor } from "./runtime.ts";
import { fusedSizes } from "./step-runner.ts";

export interface Predictor {
  /** Raw outputs [rows, outputs]; `parameters` in the layout of the network may not change until it resolves. */
  outputs(parameters: Float32Array, rows: Int32Array): Promise<Float32Array>;
  release(): void;
}

/** Rows × widest layer of one run: keeps a network's activations within a few MB; small networks sit up to 16 side by side. */
const elements = { alone: 2 ** 19, together: 2 ** 17 } as const;

/** `fusing` chooses the graph: by the network's shape alone, so that its bits don't depend on who asks beside it. */
export function createPredictor(ort: Ort, cache: GraphCache, network: NetworkSpec, x: OrtTensor, fusing: boolean): Predictor {
  const layout = parameterLayout(network);
  const onesInTable = x.dims[1] === network.inputs + 1;
  const order = packedOrder(layout.layers);
  const key = JSON.stringify([
    "predict",
    network.inputs,
    network.outputs,
    network.capacity,
    network.recipe.activation,
    fusing,
    onesInTable,
  ]);
  let taken: Promise<OrtSession> | undefined;
  const session = () => {
    taken ??= cache.take(key, () => (fusing ? buildFusedPredictGraph(network, onesInTable) : buildPredictGraph(network)));
    return taken;
  };
  const widest = Math.max(network.inputs, network.capacity.nodesPerLayer, network.outputs);
  const chunk = Math.max(64, Math.floor((fusing ? elements.together : elements.alone) / widest));
  const release = () => {
    if (taken !== undefined) cache.release(key);
    taken = undefined;
  };

  const alone: Predictor["outputs"] = async (parameters, rows) => {
    const feeds = { x, ...weightFeeds(ort, layout, parameters) };
    const outputs = new Float32Array(rows.length * network.outputs);
    for (let at = 0; at < rows.length; at += chunk) {
      const part = rows.subarray(at, Math.min(at + chunk, rows.length));
      const into = outputs.subarray(at * network.outputs, (at + part.length) * network.outputs);
      await (await session()).run(
        { ...feeds, rows: new ort.Tensor("int32", part, [part.length]) },
        { outputs: new ort.Tensor("float32", into, [part.length, network.outputs]) },
      );
    }
    return outputs;
  };

  /** All ask for equally many rows. */
  const together = async (asked: readonly Asked[]) => {
    const count = asked.length;
    const rowCount = asked[0]?.rows.length ?? 0;
    const parameters = new Float32Array(count * layout.count);
    for (const [slot, one] of asked.entries()) copyIn(order, one.parameters, parameters, slot * layout.count);
    const feeds = { x, p: new ort.Tensor("float32", parameters, [count, 1, layout.count]) };
    const outputs = asked.map(() => new Float32Array(rowCount * network.outputs));
    for (let at = 0; at < rowCount; at += chunk) {
      const part = Math.min(chunk, rowCount - at);
      const rows = new Int32Array(count * part);
      for (const [slot, one] of asked.entries()) rows.set(one.rows.subarray(at, at + part), slot * part);
      const into = new Float32Array(count * part * network.outputs);
      await (await session()).run(
        { ...feeds, rows: new ort.Tensor("int32", rows, [count, part]) },
        { outputs: new ort.Tensor("float32", into, [count, ...(outputsLie(network.outputs) ? [1, part] : [part, network.outputs])]) },
      );
      const size = part * network.outputs;
      for (const [slot, one] of outputs.entries()) one.set(into.subarray(slot * size, (slot + 1) * size), at * network.outputs);
    }
    for (const [slot, one] of asked.entries()) one.resolve(outputs[slot] as Float32Array);
  };
  let waiting: Asked[] = [];
  const flush = () => {
    const byCount = new Map<number, Asked[]>();
    for (const one of waiting) byCount.set(one.rows.length, [...(byCount.get(one.rows.length) ?? []), one]);
    waiting = [];
    const most = fusedSizes.at(-1) as number;
    for (const asked of byCount.values()) {
      for (let from = 0; from < asked.length; from += most) {
        const part = asked.slice(from, from + most);
        together(part).catch((error: unknown) => {
          for (const one of part) one.reject(error);
        });
      }
    }
  };
  const sharing: Predictor["outputs"] = (parameters, rows) =>
    new Promise((resolve, reject) => {
      // runs in step ask in the same turn of the event loop, and are answered in the next
      if (waiting.push({ parameters, rows, resolve, reject }) === 1) setImmediate(flush);
    });
  return { outputs: fusing ? sharing : alone, release };
}

interface Asked {
  readonly parameters: Float32Array;
  readonly rows: Int32Array;
  resolve(outputs: Float32Array): void;
  reject(error: unknown): void;
}

/** Parameters as `w0`, `b0`, …: views, so they always hold the present values. */
export function weightFeeds(ort: Ort, layout: ParameterLayout, parameters: Float32Array): Record<string, OrtTensor> {
  const feeds: Record<string, OrtTensor> = {};
  const view = (at: number, rows: number, columns: number) =>
    new ort.Tensor("float32", parameters.subarray(at, at + rows * columns), [rows, columns]);
  for (const [layer, { fanIn, fanOut, weightsAt, biasesAt }] of layout.layers.entries()) {
    feeds[`w${layer}`] = view(weightsAt, fanIn, fanOut);
    feeds[`b${layer}`] = view(biasesAt, 1, fanOut);
  }
  return feeds;
}
