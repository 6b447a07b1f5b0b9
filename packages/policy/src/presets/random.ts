/**
 * Preset `random`: networks drawn at random, and the best mean. An honest rival of the default. Layers are drawn evenly, nodes
 * evenly on a log scale (twice as many is one step), from the experiment's seed: the same seed tries the same networks.
 * A capacity is never drawn twice; a space smaller than `trials` is tried whole.
 */
import { type Capacity, capacityText, defaultRecipe, randomStream } from "@rightsize/core";
import { z } from "zod";
import { exponential, naturalLog } from "../numbers.ts";
import { definePreset } from "../preset.ts";
import { tryInOrder } from "../sized-search.ts";

const range = (least: number, most: number) =>
  z
    .strictObject({
      least: z.int("a whole number").min(least, `at least ${least}`).max(most, `at most ${most}`),
      most: z.int("a whole number").min(least, `at least ${least}`).max(most, `at most ${most}`),
    })
    .refine((ends) => ends.least <= ends.most, "a least number that is not above the most");

/** The schema: how many networks, from which ranges. */
export const randomParameters = z.strictObject({
  trials: z.int("a whole number").min(1, "at least 1").max(1000, "at most 1000").default(12).meta({ description: "Networks to try" }),
  hiddenLayers: range(1, 8).default({ least: 1, most: 4 }).meta({ description: "Fewest and most hidden layers" }),
  nodesPerLayer: range(1, 65_536).default({ least: 16, most: 512 }).meta({ description: "Fewest and most nodes per layer" }),
  fits: z
    .int("a whole number")
    .min(1, "at least 1")
    .max(20, "at most 20")
    .default(1)
    .meta({ description: "Fits of each network, with another seed (or fold) each" }),
});
/** All parameters of the preset, defaults filled in. */
export type RandomParameters = z.output<typeof randomParameters>;

/** The networks that a seed draws, in their order, all different. */
export function drawnCapacities(seed: number, { trials, hiddenLayers, nodesPerLayer }: RandomParameters): readonly Capacity[] {
  const stream = randomStream(seed, "search", 0, 0);
  const layerChoices = hiddenLayers.most - hiddenLayers.least + 1;
  const wanted = Math.min(trials, layerChoices * (nodesPerLayer.most - nodesPerLayer.least + 1));
  const drawn = new Map<string, Capacity>();
  // Half a node beyond each end, so that rounding gives the ends their full share.
  const low = naturalLog(nodesPerLayer.least - 0.5);
  const high = naturalLog(nodesPerLayer.most + 0.5);
  for (let draws = 0; drawn.size < wanted && draws < 1000 * wanted; draws++) {
    const layers = hiddenLayers.least + stream.below(layerChoices);
    const nodes = Math.round(exponential(low + (high - low) * stream.uniform()));
    const capacity = { hiddenLayers: layers, nodesPerLayer: Math.min(Math.max(nodes, nodesPerLayer.least), nodesPerLayer.most) };
    drawn.set(capacityText(capacity), capacity);
  }
  return [...drawn.values()];
}

/** Networks drawn at random. */
export const random = definePreset<RandomParameters>({
  name: "random",
  version: 1,
  summary: "Networks drawn at random, nodes evenly on a log scale; the best mean is the answer.",
  recipe: defaultRecipe,
  parameters: randomParameters,
  next: (context, parameters, history) =>
    tryInOrder("random: the best mean", context, drawnCapacities(context.seed, parameters), parameters.fits, history),
});
