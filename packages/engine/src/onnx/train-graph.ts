/** The training graph: a chunk of steps as one Scan, whose state is the parameters and the optimizer's moments. */
import type { NetworkSpec } from "@rightsize/core";
import { lossOf } from "../loss.ts";
import { type LayerShape, parameterLayout } from "../parameters.ts";
import { type Algebra, soloAlgebra } from "./algebra.ts";
import { Graph, type Value } from "./graph.ts";
import { lossRules } from "./losses.ts";
import { backward, forward, joinColumns, type NetworkValues, plainWeights, splitColumns } from "./network.ts";
import { optimizerRule, type StepNumberName } from "./optimizers.ts";
import { outputsLie, pack, packedOrder, rowsWithOnes, type Segment, unpack } from "./packed.ts";

/** One tensor of the state: a layer's weights, or the biases of all layers [1, sum of widths]. */
export interface StateTensor {
  readonly name: string;
  readonly shape: readonly [number, number];
  /** Which flat vector (0 parameters, then the moments), and what of it lies where in the tensor. */
  readonly vector: number;
  readonly segments: readonly Segment[];
}
export interface TrainGraph {
  readonly model: Uint8Array;
  /** Fed under their names, fetched as `next_` + name. */
  readonly state: readonly StateTensor[];
  readonly stepNumbers: readonly StepNumberName[];
  /** Hidden layers that take a dropout mask [steps, rows, nodes] as `mask0`, `mask1`, … */
  readonly maskedLayers: readonly number[];
}

/**
 * Inputs: x [rowCount, inputs], rows [steps, batch] int32, y and c [steps, batch, 1] their targets and weights, one vector [steps]
 * for each number of a step, masks, state. Outputs: the state after the last step and losses [steps, 1, 1]. Networks side by side
 * have an axis behind [steps] and in front of the state, and y and c lie where outputsLie; `onesInTable`: x has a last column of ones.
 */
export function buildTrainGraph(network: NetworkSpec, batch: number, algebra: Algebra = soloAlgebra, onesInTable = false): TrainGraph {
  const { recipe } = network;
  const { layers, count, biasesAt } = parameterLayout(network);
  const lossRule = lossRules[lossOf(network)];
  const rule = optimizerRule(recipe.optimizer);
  const vectors = ["p", "m", "v"].slice(0, 1 + rule.momentCount);
  // small networks pack all parameters into one tensor: one update instead of one for each layer, where nodes cost more than numbers
  const packed = algebra.networks !== null;
  const parts = packed
    ? [{ suffix: "", shape: [1, count] as const, segments: packedOrder(layers) }]
    : [
        ...layers.map(({ fanIn, fanOut, weightsAt }, layer) => whole(`${layer}`, [fanIn, fanOut], weightsAt)),
        whole("_biases", [1, count - biasesAt], biasesAt),
      ];
  const state: StateTensor[] = vectors.flatMap((letter, vector) =>
    parts.map(({ suffix, shape, segments }) => ({ name: `${letter}${suffix}`, shape, vector, segments })),
  );
  const tensors = parts.length;
  // several networks have an axis of their own in front of everything but the table
  const many = algebra.networks === null ? [] : [algebra.networks];
  const scalar = algebra.networks === null ? [] : [algebra.networks, 1, 1];
  const column = packed && outputsLie(network.outputs) ? [1, batch] : [batch, 1];
  const maskedLayers = recipe.dropoutFraction > 0 ? layers.slice(0, -1).map((_, layer) => layer) : [];

  const yType = lossOf(network) === "cross_entropy" ? "int32" : "float32";
  const body = new Graph("step_");
  for (const tensor of state) body.input(`in_${tensor.name}`, "float32", [...many, ...tensor.shape]);
  const rows = body.input("step_rows", "int32", [...many, batch]);
  const y = body.input("step_y", yType, [...many, ...column]);
  const c = body.input("step_c", "float32", [...many, ...column]);
  for (const name of rule.reads) body.input(`step_${name}`, "float32", scalar);
  const masks = maskedLayers.map((layer) => body.input(`step_mask${layer}`, "float32", [...many, batch, network.capacity.nodesPerLayer]));

  const values = packed ? unpack(body, "in_p", layers) : networkValues(body, algebra, layers);
  const x = packed ? rowsWithOnes(body, rows, onesInTable) : body.node("Gather", ["x", rows], { axis: 0 });
  const { outputs, trace } = forward(body, algebra, values, recipe.activation, x, masks);
  const { loss, dz } = lossRule.build(body, algebra, outputs, y, c, batch);
  const gradients = backward(body, algebra, values, recipe.activation, trace, dz, { l2: recipe.l2, rows: batch });
  const all = packed
    ? [pack(body, gradients, values.weights, algebra.networks)]
    : [...gradients.weights, joinColumns(body, gradients.biases as Value[], algebra.classAxis)];
  if (packed && (recipe.gradientClipNorm !== null || recipe.optimizer.kind === "adamw")) {
    throw new RangeError("networks side by side are trained without clipping and without AdamW");
  }
  const clipped = clip(body, all, recipe.gradientClipNorm);

  const step = { size: "step_size", epsilon: "step_epsilon", decay: "step_decay" };
  const next: Value[] = [];
  for (let tensor = 0; tensor < tensors; tensor++) {
    const [parameter, ...moments] = vectors.map((_, vector) => `in_${(state[vector * tensors + tensor] as StateTensor).name}`);
    const gradient = clipped[tensor] as Value;
    const after = rule.update(body, { parameter: parameter as Value, gradient, moments, step, decays: tensor < layers.length });
    for (const [vector, value] of [after.parameter, ...after.moments].entries()) next[vector * tensors + tensor] = value;
  }
  for (const [index, tensor] of state.entries()) body.output(next[index] as Value, "float32", [...many, ...tensor.shape]);
  body.output(loss, "float32", [...many, 1, 1]);

  const main = new Graph();
  main.input("x", "float32", ["table", network.inputs + (packed && onesInTable ? 1 : 0)]);
  const scanned = [
    main.input("rows", "int32", ["steps", ...many, batch]),
    main.input("y", yType, ["steps", ...many, ...column]),
    main.input("c", "float32", ["steps", ...many, ...column]),
    ...rule.reads.map((name) => main.input(name, "float32", ["steps", ...scalar])),
    ...maskedLayers.map((layer) => main.input(`mask${layer}`, "float32", ["steps", ...many, batch, network.capacity.nodesPerLayer])),
  ];
  for (const tensor of state) main.input(tensor.name, "float32", [...many, ...tensor.shape]);
  const results = [...state.map(({ name }) => `next_${name}`), "losses"];
  main.nodeNamed("Scan", [...state.map(({ name }) => name), ...scanned], results, { body, num_scan_inputs: scanned.length });
  for (const tensor of state) main.output(`next_${tensor.name}`, "float32", [...many, ...tensor.shape]);
  main.output("losses", "float32", ["steps", ...many, 1, 1]);
  return { model: main.toModel("train"), state, stepNumbers: rule.reads, maskedLayers };
}

/** A tensor that is a stretch of the flat vector. */
function whole(suffix: string, shape: readonly [number, number], from: number) {
  return { suffix, shape, segments: [{ from, at: 0, size: shape[0] * shape[1] }] };
}

/** Weights as they are fed, biases split from their common tensor. */
function networkValues(g: Graph, algebra: Algebra, layers: readonly LayerShape[]): NetworkValues {
  const widths = layers.map(({ fanOut }) => fanOut);
  return {
    weights: layers.map((_, layer) => plainWeights(`in_p${layer}`)),
    biases: splitColumns(g, "in_p_biases", widths, algebra.classAxis),
  };
}

/** Scales all gradients down where their common Euclidean norm is above `limit` (Pascanu et al. 2013; PyTorch's 1e-6). */
function clip(g: Graph, gradients: readonly Value[], limit: number | null): readonly Value[] {
  if (limit === null) return gradients;
  const squares = gradients.map((gradient) => g.node("ReduceSumSquare", [gradient], { keepdims: 0 }));
  const norm = g.node("Sqrt", [squares.length === 1 ? (squares[0] as Value) : g.node("Sum", squares)]);
  const factor = g.node("Min", [g.node("Div", [g.constant([limit]), g.node("Add", [norm, g.constant([1e-6])])]), g.constant([1])]);
  return gradients.map((gradient) => g.node("Mul", [gradient, factor]));
}
