/** The inspection graph: activations and gradients of every hidden layer for some rows, reduced to a few numbers. */
import type { NetworkSpec } from "@rightsize/core";
import { saturationBounds } from "../inspection.ts";
import { lossOf } from "../loss.ts";
import { parameterLayout } from "../parameters.ts";
import { soloAlgebra } from "./algebra.ts";
import { Graph, type Value } from "./graph.ts";
import { lossRules } from "./losses.ts";
import { backward, forward, plainWeights } from "./network.ts";

/** Inputs: x, y as in training, rows [n] int32, c [n, 1], `w0` …, `b0` …. Outputs for hidden layer i: `largest{i}`, `smallest{i}` [1, nodes], `saturated{i}`, `gradient{i}` scalars. */
export function buildInspectGraph(network: NetworkSpec, n: number): Uint8Array {
  const { layers } = parameterLayout(network);
  const { activation } = network.recipe;
  const loss = lossOf(network);
  const g = new Graph();
  g.input("x", "float32", ["table", network.inputs]);
  g.input("y", loss === "cross_entropy" ? "int32" : "float32", ["table", 1]);
  const rows = g.input("rows", "int32", [n]);
  const c = g.input("c", "float32", [n, 1]);
  const weights = layers.map(({ fanIn, fanOut }, layer) => plainWeights(g.input(`w${layer}`, "float32", [fanIn, fanOut])));
  const biases = layers.map(({ fanOut }, layer) => g.input(`b${layer}`, "float32", [1, fanOut]));
  const gather = (table: Value) => g.node("Gather", [table, rows], { axis: 0 });
  const { outputs, trace } = forward(g, soloAlgebra, { weights, biases }, activation, gather("x"));
  const { dz } = lossRules[loss].build(g, soloAlgebra, outputs, gather("y"), c, n);
  const gradients = backward(g, soloAlgebra, { weights, biases }, activation, trace, dz, { l2: 0, rows: n });

  const bounds = saturationBounds(activation);
  for (let layer = 0; layer < layers.length - 1; layer++) {
    const h = trace[layer]?.activated?.h as Value;
    const report = (name: string, value: Value, shape: readonly number[]) => {
      g.nodeNamed("Identity", [value], [`${name}${layer}`]);
      g.output(`${name}${layer}`, "float32", shape);
    };
    report("largest", g.node("ReduceMax", [h], { axes: [0] }), [1, network.capacity.nodesPerLayer]);
    report("smallest", g.node("ReduceMin", [h], { axes: [0] }), [1, network.capacity.nodesPerLayer]);
    report("saturated", bounds === null ? g.constant([0]) : outside(g, h, bounds.low, bounds.high), []);
    report("gradient", g.node("ReduceSumSquare", [gradients.weights[layer] as Value], { keepdims: 0 }), []);
  }
  return g.toModel("inspect");
}

/** Share of values outside [low, high]. */
function outside(g: Graph, h: Value, low: number, high: number): Value {
  const any = g.node("Or", [g.node("Less", [h, g.constant([low])]), g.node("Greater", [h, g.constant([high])])]);
  return g.node("ReduceMean", [g.node("Where", [any, g.constant([1]), g.constant([0])])], { keepdims: 0 });
}
