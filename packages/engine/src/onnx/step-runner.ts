/** Feeds chunks of steps to the training graph: of one network in place, or of several small ones side by side. */
import { type NetworkSpec, parameterCount, resolveBatchSize, type StepBatch, type TensorTable, trainsTogether } from "@rightsize/core";
import { fillDropoutMask } from "../dropout.ts";
import { lossOf } from "../loss.ts";
import { fillCoefficients } from "../row-weights.ts";
import { fusedAlgebra, soloAlgebra } from "./algebra.ts";
import { lossRules } from "./losses.ts";
import { optimizerRule } from "./optimizers.ts";
import { copyIn, copyOut, outputsLie, type Segment } from "./packed.ts";
import type { GraphCache, Ort, OrtTensor } from "./runtime.ts";
import { buildTrainGraph, type StateTensor, type TrainGraph } from "./train-graph.ts";

/** What a network's training changes: parameters and moments as flat vectors; and the seed that its dropout follows. */
export interface Member {
  readonly vectors: readonly Float32Array[];
  readonly seed: number;
}

/** Most networks of one graph, and the sizes that are compiled; a smaller group is filled up with copies. */
export const fusedSizes = [1, 2, 4, 8, 16] as const;

/** Whether a network is trained by the fused graph: decided by its shape and recipe alone, so that company never changes its bits. */
export function fuses(network: NetworkSpec): boolean {
  return trainsTogether(parameterCount(network.inputs, network.capacity, network.outputs), network.recipe);
}

/** The steps of each member; all members have the same number of them. Resolves to the losses of each member. */
export type StepRunner = (members: readonly Member[], steps: readonly (readonly StepBatch[])[]) => Promise<readonly Float64Array[]>;

export interface StepRunnerParts {
  readonly run: StepRunner;
  release(): void;
}

/** A runner for one network shape and one table. x is the table's tensor, with a last column of ones where that is a copy; `fusing` says which of the two graphs. */
export function createStepRunner(
  ort: Ort,
  cache: GraphCache,
  network: NetworkSpec,
  table: TensorTable,
  x: OrtTensor,
  fusing: boolean,
): StepRunnerParts {
  const loss = lossOf(network);
  const { recipe } = network;
  const rule = optimizerRule(recipe.optimizer);
  const factor = lossRules[loss].coefficientFactor;
  const nodes = network.capacity.nodesPerLayer;
  const onesInTable = x.dims[1] === network.inputs + 1;
  const graphs = new Map<string, TrainGraph>();
  const float = (data: Float32Array, dims: readonly number[]) => new ort.Tensor("float32", data, dims);

  // memory of the feeds, used again by every chunk: fresh arrays of this size keep the garbage collector busy
  const scratchRows = new Scratch((length) => new Int32Array(length));
  const scratchTargets: Scratch<Float32Array | Int32Array> =
    loss === "cross_entropy" ? new Scratch((length) => new Int32Array(length)) : new Scratch((length) => new Float32Array(length));
  const scratches = new Map<string, Scratch<Float32Array>>();
  const scratch = (name: string, length: number): Float32Array => {
    const known = scratches.get(name) ?? new Scratch((size) => new Float32Array(size));
    scratches.set(name, known);
    return known.take(length);
  };

  const compiled = async (batch: number, networks: number | null) => {
    const shape = [network.inputs, network.outputs, network.capacity];
    const key = JSON.stringify([
      "train",
      shape,
      loss,
      batch,
      recipe.activation,
      recipe.optimizer,
      recipe.l2,
      recipe.dropoutFraction > 0,
      recipe.gradientClipNorm,
      networks,
      onesInTable,
    ]);
    const known = graphs.get(key);
    const graph =
      known ??
      buildTrainGraph(network, batch, networks === null ? soloAlgebra : fusedAlgebra(networks, outputsLie(network.outputs)), onesInTable);
    // a runner holds each graph that it has used until it is released
    const session = await cache.take(key, () => graph.model);
    if (known !== undefined) cache.release(key);
    graphs.set(key, graph);
    return { graph, session };
  };

  const run: StepRunner = async (members, steps) => {
    const count = steps[0]?.length ?? 0;
    if (count === 0) return members.map(() => new Float64Array(0));
    const batch = largestBatch(steps, network, table);
    const networks = fusing ? (fusedSizes.find((size) => size >= members.length) ?? members.length) : null;
    const { graph, session } = await compiled(batch, networks);
    const slots = networks ?? 1;
    const many = networks === null ? [] : [networks];
    const scalar = networks === null ? [] : [networks, 1, 1];

    const rows = scratchRows.take(count * slots * batch);
    const targets = scratchTargets.take(count * slots * batch);
    const c = scratch("c", count * slots * batch);
    const numbers = graph.stepNumbers.map((name) => ({ name, of: scratch(name, count * slots) }));
    const masks = graph.maskedLayers.map((layer) => ({ layer, of: scratch(`mask${layer}`, count * slots * batch * nodes) }));
    const weighted = network.classWeights !== null && network.classWeights.length > 0;
    if (!weighted) c.fill(factor / batch);
    let numbered: StepBatch | undefined;
    let values = rule.numbers(0, 1);
    for (let index = 0; index < count; index++) {
      for (let slot = 0; slot < slots; slot++) {
        // slots without a member repeat the first one; nobody reads what becomes of them
        const which = slot < members.length ? slot : 0;
        const step = (steps[which] as readonly StepBatch[])[index] as StepBatch;
        const place = index * slots + slot;
        const at = place * batch;
        fillBatch(rows, targets, at, batch, step.rows, table.y);
        if (step.rows.length < batch) c.fill(0, at + step.rows.length, at + batch);
        if (weighted || step.rows.length < batch) fillCoefficients(c, at, step.rows, table.y, network.classWeights, factor);
        // powers take as long as all the rest: runs in step share them
        if (step.step !== numbered?.step || step.learningRate !== numbered.learningRate) {
          values = rule.numbers(step.learningRate, step.step);
          numbered = step;
        }
        for (const { name, of } of numbers) of[place] = values[name];
        for (const { layer, of } of masks) {
          of.fill(0, (at + step.rows.length) * nodes, (at + batch) * nodes);
          const part = of.subarray(at * nodes, (at + step.rows.length) * nodes);
          fillDropoutMask(part, recipe.dropoutFraction, (members[which] as Member).seed, step.step, layer);
        }
      }
    }

    const column = networks !== null && outputsLie(network.outputs) ? [1, batch] : [batch, 1];
    const feeds: Record<string, OrtTensor> = {
      x,
      rows: new ort.Tensor("int32", rows, [count, ...many, batch]),
      y: tensorOf(ort, targets, [count, ...many, ...column]),
      c: float(c, [count, ...many, ...column]),
    };
    for (const { name, of } of numbers) feeds[name] = float(of, [count, ...scalar]);
    for (const { layer, of } of masks) feeds[`mask${layer}`] = float(of, [count, ...many, batch, nodes]);
    const losses = new Float32Array(count * slots);
    const fetches: Record<string, OrtTensor> = { losses: float(losses, [count, ...many, 1, 1]) };
    const staged: { readonly whole: Float32Array; readonly tensor: StateTensor }[] = [];
    for (const tensor of graph.state) {
      const whole = networks === null ? ownMemory(tensor, members[0] as Member) : scratch(tensor.name, slots * sizeOf(tensor));
      if (networks !== null) {
        for (let slot = 0; slot < slots; slot++) {
          const { vectors } = (members[slot] ?? members[0]) as Member;
          copyIn(tensor.segments, vectors[tensor.vector] as Float32Array, whole, slot * sizeOf(tensor));
        }
        staged.push({ whole, tensor });
      }
      feeds[tensor.name] = float(whole, [...many, ...tensor.shape]);
      fetches[`next_${tensor.name}`] = feeds[tensor.name] as OrtTensor;
    }
    await session.run(feeds, fetches);
    for (const { whole, tensor } of staged) {
      for (const [slot, { vectors }] of members.entries()) {
        copyOut(tensor.segments, whole, slot * sizeOf(tensor), vectors[tensor.vector] as Float32Array);
      }
    }
    return members.map((_, slot) => {
      const own = new Float64Array(count);
      for (let index = 0; index < count; index++) own[index] = losses[index * slots + slot] as number;
      return own;
    });
  };
  return {
    run,
    release() {
      for (const key of graphs.keys()) cache.release(key);
      graphs.clear();
    },
  };
}

/** The batch size to compile for: the recipe's, never a short last batch's, so that bits don't depend on how steps are chunked. */
function largestBatch(steps: readonly (readonly StepBatch[])[], network: NetworkSpec, table: TensorTable): number {
  let most = resolveBatchSize(network.recipe.batchSize, table.rowCount);
  for (const one of steps) for (const step of one) most = Math.max(most, step.rows.length);
  return most;
}

/** Writes a step's rows and their targets from `at` on; a short last batch is filled up with its first row. */
function fillBatch(
  rows: Int32Array,
  targets: Float32Array | Int32Array,
  at: number,
  batch: number,
  taken: Int32Array,
  y: Float32Array,
): void {
  for (let place = 0; place < batch; place++) {
    const row = taken[place < taken.length ? place : 0] as number;
    rows[at + place] = row;
    targets[at + place] = y[row] as number;
  }
}

const sizeOf = ({ shape }: StateTensor) => shape[0] * shape[1];

/** A large network's own memory is fed and fetched; small ones are copied side by side. */
function ownMemory(tensor: StateTensor, { vectors }: Member): Float32Array {
  const { from } = tensor.segments[0] as Segment;
  return (vectors[tensor.vector] as Float32Array).subarray(from, from + sizeOf(tensor));
}

function tensorOf(ort: Ort, data: Float32Array | Int32Array, dims: readonly number[]): OrtTensor {
  return data instanceof Int32Array ? new ort.Tensor("int32", data, dims) : new ort.Tensor("float32", data, dims);
}

/** One growing array; what `take` gives holds old values. */
class Scratch<Numbers extends Float32Array | Int32Array> {
  readonly #make: (length: number) => Numbers;
  #whole: Numbers;
  constructor(make: (length: number) => Numbers) {
    this.#make = make;
    this.#whole = make(0);
  }
  take(length: number): Numbers {
    if (this.#whole.length < length) this.#whole = this.#make(length);
    return this.#whole.subarray(0, length) as Numbers;
  }
}
