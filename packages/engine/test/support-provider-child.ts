/** A child process for the provider tests: trains the same run on a provider and on the CPU, and prints how they differ, or the error. */
import { asRightsizeError, type LayerWeights } from "@rightsize/core";
import { createEngine, type ExecutionProvider, trainRun } from "../src/index.ts";
import { collect, jobFor, waves } from "./support.ts";

async function compare(provider: ExecutionProvider): Promise<unknown> {
  const job = jobFor(waves(200), { hiddenLayers: 2, nodesPerLayer: 16 }, { maxEpochs: 2 });
  const trained: (readonly LayerWeights[])[] = [];
  const engines = [await createEngine("onnx", { provider }), await createEngine("onnx")];
  for (const engine of engines) {
    const outcome = await trainRun(engine, job, collect().hooks);
    if (outcome.kind === "completed") trained.push(outcome.weights);
  }
  const [a, b] = trained as [readonly LayerWeights[], readonly LayerWeights[]];
  let difference = 0;
  for (const [layer, { weights }] of a.entries()) {
    for (const [at, weight] of weights.entries()) difference = Math.max(difference, Math.abs(weight - (b[layer]?.weights[at] as number)));
  }
  return { difference, deterministic: engines[0]?.deterministic, device: engines[0]?.device };
}
const answer = await compare(process.argv[2] as ExecutionProvider).catch((error: unknown) => asRightsizeError(error).toPlain());
process.stdout.write(`\n${JSON.stringify(answer)}\n`);
