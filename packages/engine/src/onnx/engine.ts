/** The default engine: whole chunks of steps as one ONNX graph, run by onnxruntime-node. */
import type { NetworkSpec } from "@rightsize/core";
import type { InspectableSession } from "../inspection.ts";
import { machineText } from "../machine.ts";
import type { FusingEngine } from "../train-runs.ts";
import { Graph } from "./graph.ts";
import { type ExecutionProvider, GraphCache, loadOrt } from "./runtime.ts";
import { openOnnxSessions } from "./session.ts";
import { fuses } from "./step-runner.ts";

/** Part of the fingerprint: raise it whenever a graph changes in a way that may change bits. */
export const graphVersion = 5;

/** Opens the engine; `fusing` false trains small networks with the graph of large ones, to compare the two. Throws `engine_unavailable` where the library or the provider is missing. */
export async function createOnnxEngine(provider: ExecutionProvider = "cpu", fusing = true): Promise<FusingEngine> {
  const fusesHere = (network: NetworkSpec) => fusing && fuses(network);
  const ort = await loadOrt();
  const cache = new GraphCache(ort, provider);
  if (provider !== "cpu") await probe(cache);
  const version = ort.env.versions.node ?? ort.env.versions.common;
  return {
    name: "onnx",
    fingerprint: `onnx graph-${graphVersion} onnxruntime-node-${version} ${provider}${fusing ? "" : " unfused"} threads-1 ${machineText()}`,
    deterministic: provider === "cpu",
    device: provider,
    open: async (network, table, { seed }) =>
      (await openOnnxSessions(ort, cache, network, table, [seed], fusesHere(network)))[0] as InspectableSession,
    fuses: fusesHere,
    openTogether: (network, table, seeds) => openOnnxSessions(ort, cache, network, table, seeds, fusesHere(network)),
    close: () => cache.close(),
  };
}

/** Compiles the smallest graph, so that a missing provider is told when the engine is asked for and not when a run starts. */
async function probe(cache: GraphCache): Promise<void> {
  const g = new Graph();
  g.output(g.node("Relu", [g.input("x", "float32", [1])]), "float32", [1]);
  await cache.take("probe", () => g.toModel("probe"));
  cache.release("probe");
}
