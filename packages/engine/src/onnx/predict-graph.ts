/** The prediction graph: raw outputs of a network for given rows of a table. */
import type { NetworkSpec } from "@rightsize/core";
import { parameterLayout } from "../parameters.ts";
import { soloAlgebra } from "./algebra.ts";
import { Graph } from "./graph.ts";
import { forward } from "./network.ts";

/** Inputs: x [rowCount, inputs], rows [n] int32, `w0` …, `b0` … ([1, nodes]). Output: outputs [n, outputs]. */
export function buildPredictGraph(network: NetworkSpec): Uint8Array {
  const { layers } = parameterLayout(network);
  const g = new Graph();
  const x = g.input("x", "float32", ["table", network.inputs]);
  const rows = g.input("rows", "int32", ["n"]);
  const weights = layers.map(({ fanIn, fanOut }, layer) => g.input(`w${layer}`, "float32", [fanIn, fanOut]));
  const biases = layers.map(({ fanOut }, layer) => g.input(`b${layer}`, "float32", [1, fanOut]));
  const { outputs } = forward(g, soloAlgebra, { weights, biases }, network.recipe.activation, g.node("Gather", [x, rows], { axis: 0 }));
  g.nodeNamed("Identity", [outputs], ["outputs"]);
  g.output("outputs", "float32", ["n", network.outputs]);
  return g.toModel("predict");
}
