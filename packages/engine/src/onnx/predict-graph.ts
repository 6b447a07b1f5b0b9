/** The prediction graphs: raw outputs of a network, or of several small ones side by side, for given rows of a table. */
import type { NetworkSpec } from "@rightsize/core";
import { parameterLayout } from "../parameters.ts";
import { fusedAlgebra, soloAlgebra } from "./algebra.ts";
import { Graph } from "./graph.ts";
import { forward, unpack } from "./network.ts";

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

/** Inputs: x [rowCount, inputs], rows [networks, n] int32, p [networks, 1, parameters]. Output: outputs [networks, n, outputs]. Any number of networks. */
export function buildFusedPredictGraph(network: NetworkSpec): Uint8Array {
  const { layers, count } = parameterLayout(network);
  const g = new Graph();
  const x = g.input("x", "float32", ["table", network.inputs]);
  const rows = g.input("rows", "int32", ["networks", "n"]);
  const values = unpack(g, g.input("p", "float32", ["networks", 1, count]), layers);
  const input = g.node("Gather", [x, rows], { axis: 0 });
  const { outputs } = forward(g, fusedAlgebra(1), values, network.recipe.activation, input);
  g.nodeNamed("Identity", [outputs], ["outputs"]);
  g.output("outputs", "float32", ["networks", "n", network.outputs]);
  return g.toModel("predict");
}
