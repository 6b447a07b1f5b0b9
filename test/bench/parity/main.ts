/**
 * `npm run bench:parity [-- --json]`: the service against a plain PyTorch trainer on concrete: the same five splits given by row numbers,
 * 1×100 and 2×128, patience 5, cap 100 epochs, several seeds. Compares the distributions of the best validation loss.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Recipe } from "@rightsize/core";
import { apiAt } from "../../support/api.ts";
import build from "../../support/build.ts";
import { startService } from "../../support/service.ts";
import { sharedFile } from "../../support/shared.ts";

interface Reference {
  readonly rows: { readonly training: number[]; readonly validation: number[]; readonly test: number[] };
  readonly cells: readonly {
    readonly hiddenLayers: number;
    readonly nodesPerLayer: number;
    readonly losses: number[];
    readonly epochs: number[];
  }[];
}

const splits = 5;
const seeds = 8;
const initialisation = (process.argv.find((argument) => argument.startsWith("--initialisation="))?.split("=")[1] ??
  "auto") as Recipe["initialisation"];

const peers = sharedFile("peers");
if (!existsSync(peers)) {
  console.log("../shared/peers is not here: nothing to compare with.");
  process.exit(0);
}
const script = fileURLToPath(new URL("./reference.py", import.meta.url));
const python = process.env.PYTHON ?? "/usr/bin/python3";
const references = JSON.parse(
  execFileSync(python, [script, peers, String(splits), String(seeds)], { maxBuffer: 1 << 28, encoding: "utf8" }),
) as Reference[];

build();
const service = await startService({ engines: ["onnx"], slots: 2, queue: "postgres" });
const api = apiAt(service.url);
const dataset = await api.upload("concrete.csv", readFileSync(sharedFile("data/concrete/data.csv")));

/** Best validation losses of one capacity over the seeds, on one split, through the service. */
async function fits(reference: Reference, hiddenLayers: number, nodesPerLayer: number): Promise<{ losses: number[]; epochs: number[] }> {
  const losses: number[] = [];
  const epochs: number[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    // The course's rungs start at one layer; as many trials as layers reach the capacity that is wanted.
    const { id } = await api.post({
      dataset: dataset.id,
      target: "strength",
      seed,
      split: { kind: "rows", ...reference.rows },
      search: { preset: "course", parameters: { nodes: [nodesPerLayer] } },
      limits: { maxTrials: hiddenLayers },
      recipe: { maxEpochs: 100, patience: 5, batchSize: 32, initialisation },
    });
    await api.ended(id);
    const trial = (await api.trials(id)).trials.find((row) => row.hiddenLayers === hiddenLayers && row.nodesPerLayer === nodesPerLayer);
    losses.push(trial?.score ?? Number.NaN);
    epochs.push(trial?.runs[0]?.epochs ?? Number.NaN);
  }
  return { losses, epochs };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)) * (values.length / (values.length - 1)));

const cases = [];
for (const [index, capacity] of (references[0] as Reference).cells.entries()) {
  const differences: number[] = [];
  const ours: number[] = [];
  const theirs: number[] = [];
  const ourEpochs: number[] = [];
  const theirEpochs: number[] = [];
  for (const reference of references) {
    const cell = reference.cells[index] as Reference["cells"][number];
    const service = await fits(reference, capacity.hiddenLayers, capacity.nodesPerLayer);
    differences.push(mean(service.losses.map(Math.log)) - mean(cell.losses.map(Math.log)));
    ours.push(...service.losses);
    theirs.push(...cell.losses);
    ourEpochs.push(...service.epochs);
    theirEpochs.push(...cell.epochs);
  }
  cases.push({
    capacity: `${capacity.hiddenLayers}x${capacity.nodesPerLayer}`,
    ours: mean(ours),
    theirs: mean(theirs),
    ourSeedDeviation: deviation(ours),
    theirSeedDeviation: deviation(theirs),
    logRatio: mean(differences),
    logRatioStandardError: deviation(differences) / Math.sqrt(differences.length),
    ourEpochs: mean(ourEpochs),
    theirEpochs: mean(theirEpochs),
  });
}
await service.close();
console.table(cases);
if (process.argv.includes("--json")) console.log(JSON.stringify({ initialisation, splits, seeds, cases }));
process.exit(0);
