/** Random questions for property tests: a preset with parameters, a way to a learning rate, and a score for every run, some of which diverge. */
import { type Capacity, courseRecipe, type ExperimentSpec, type LearningRate, type RunRequest } from "@rightsize/core";
import fc from "fast-check";
import { exampleSpec } from "./examples.ts";

export interface Question {
  readonly search: ExperimentSpec["search"];
  readonly learningRate: LearningRate;
  readonly landscape: number;
}

const learningRates: readonly LearningRate[] = [
  courseRecipe.learningRate,
  { kind: "probe", values: [0.001, 0.01, 0.1], epochs: 1 },
  { kind: "sweep", values: [0.001, 0.01] },
];

const searches: readonly ExperimentSpec["search"][] = [
  { preset: "course", parameters: {} },
  { preset: "course", parameters: { nodes: [20, 50, 100], layerCeiling: 4, stepBack: { factor: 0.5, count: 2 } } },
  { preset: "grid", parameters: { hiddenLayers: [0, 1, 2], nodesPerLayer: [16, 64], fits: 2 } },
  { preset: "random", parameters: { trials: 5, fits: 1 } },
  {
    preset: "default",
    parameters: {
      ceiling: { hiddenLayers: 3, nodesPerLayer: 256 },
      explore: { fits: 4 },
      probes: [{ hiddenLayers: 2, nodesPerLayer: 16 }],
    },
  },
];

export const anyQuestion: fc.Arbitrary<Question> = fc.record({
  search: fc.constantFrom(...searches),
  learningRate: fc.constantFrom(...learningRates),
  landscape: fc.nat(1_000_000),
});

export const specOf = ({ search, learningRate }: Question): ExperimentSpec =>
  exampleSpec({ search, recipe: { ...courseRecipe, learningRate } });

/** A number in [0, 1) that looks random and depends on nothing else. */
function mixed(...numbers: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const number of numbers) state = Math.imul(state ^ number, 0x85ebca6b) ^ (state >>> 13);
  state = Math.imul(state ^ (state >>> 16), 0xc2b2ae35);
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
}

/** The loss of a size's run, (0.2, 2): one hill or valley a landscape, with noise of the seed and the rate. */
export function lossAt(
  { landscape }: Question,
  { hiddenLayers, nodesPerLayer }: Capacity,
  { seed, learningRate }: Pick<RunRequest, "seed" | "learningRate">,
): number {
  const best = 1 + 3 * mixed(landscape, 1);
  const base = 0.4 + 0.1 * Math.abs(hiddenLayers - best) + 0.3 * mixed(landscape, hiddenLayers, nodesPerLayer);
  return base + 0.05 * mixed(landscape, hiddenLayers, nodesPerLayer, seed, 1000 * learningRate);
}

/** About one size in twelve can't be trained. */
export function diverges({ landscape }: Question, { hiddenLayers, nodesPerLayer }: Capacity): boolean {
  return hiddenLayers > 0 && mixed(landscape, hiddenLayers, nodesPerLayer, 3) < 0.08;
}
