/** The prediction graphs: raw outputs of a network, or of several small ones side by side, for given rows of a table. */
import type { NetworkSpec } from "@rightsize/core";
import { parameterLayout } from "../parameters.ts";
import { fusedAlgebra, soloAlgebra } from "./algebra.ts";
import { Graph } from "./graph.ts";
import { forward, plainWeights } from "./network.ts";
import { outputsLie, rowsWithOnes, unpack } from "./packed.ts";

/** Inputs: x [rowCount, inputs], rows [n] int32, `w0` …, `b0` … ([1, nodes]). Output: outputs [n, outputs]. */
export function buildPredictGraph(network: NetworkSpec): Uint8Array {
  const { layers } = parameterLayout(network);
  const g = new Graph();
  const x = g.input("x", "float32", ["table", network.inputs]);
  const rows = g.input("rows", "int32", ["n"]);
  const weights = layers.map(({ fanIn, fanOut }, layer) => plainWeights(g.input(`w${layer}`, "float32", [fanIn, fanOut])));
  const biases = layers.map(({ fanOut }, layer) => g.input(`b${layer}`, "float32", [1, fanOut]));
  const { outputs } = forward(g, soloAlgebra, { weights, biases }, network.recipe.activation, g.node("Gather", [x, rows], { axis: 0 }));
  g.nodeNamed("Identity", [outputs], ["outputs"]);
  g.output("outputs", "float32", ["n", network.outputs]);
  return g.toModel("predict");
}

/** Inputs: x [rowCount, inputs] (or with `onesInTable` a last column of ones), rows [networks, n] int32, p [networks, 1, parameters] (packedOrder). Output: outputs [networks, n, outputs], or [networks, 1, n] where outputsLie. Any number of networks. */
export function buildFusedPredictGraph(network: NetworkSpec, onesInTable: boolean): Uint8Array {
  const { layers, count } = parameterLayout(network);
  const g = new Graph();
  g.input("x", "float32", ["table", network.inputs + (onesInTable ? 1 : 0)]);
  const rows = g.input("rows", "int32", ["networks", "n"]);
  const values = unpack(g, g.input("p", "float32", ["networks", 1, count]), layers);
  const { outputs } = forward(
    g,
    fusedAlgebra(1, outputsLie(network.outputs)),
    values,
    network.recipe.activation,
    rowsWithOnes(g, rows, onesInTable),
  );
  g.nodeNamed("Identity", [outputs], ["outputs"]);
  g.output("outputs", "float32", ["networks", ...(outputsLie(network.outputs) ? [1, "n"] : ["n", network.outputs])]);
  return g.toModel("predict");
}
