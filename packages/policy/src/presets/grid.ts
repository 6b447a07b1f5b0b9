/**
 * Preset `grid`: every combination of the listed layers and nodes, smallest network first, and the best mean. An honest rival of
 * the default: it looks everywhere and pays for it. The row's next step only says whether the next network is larger or smaller.
 */
import { type Capacity, defaultRecipe, parameterCount } from "@rightsize/core";
import { z } from "zod";
import { definePreset } from "../preset.ts";
import { tryInOrder } from "../sized-search.ts";

const distinct = (values: readonly number[]) => new Set(values).size === values.length;

/** The schema: what the grid is made of. */
export const gridParameters = z.strictObject({
  hiddenLayers: z
    .array(z.int("a whole number").min(0, "at least 0").max(8, "at most 8"))
    .min(1, "at least one number")
    .max(9, "at most 9 numbers")
    .refine(distinct, "numbers that differ from each other")
    .default([1, 2, 3, 4])
    .meta({ description: "Hidden layers to try; 0 is the linear model, tried once" }),
  nodesPerLayer: z
    .array(z.int("a whole number").min(1, "at least 1").max(65_536, "at most 65536"))
    .min(1, "at least one number")
    .max(32, "at most 32 numbers")
    .refine(distinct, "numbers that differ from each other")
    .default([16, 32, 64, 128, 256, 512])
    .meta({ description: "Nodes per layer to try" }),
  fits: z
    .int("a whole number")
    .min(1, "at least 1")
    .max(20, "at most 20")
    .default(1)
    .meta({ description: "Fits of each network, with another seed (or fold) each" }),
});
/** All parameters of the preset, defaults filled in. */
export type GridParameters = z.output<typeof gridParameters>;

/** Every combination, by parameter count. */
export const grid = definePreset<GridParameters>({
  name: "grid",
  version: 1,
  summary: "Every combination of the listed layers and nodes, smallest first; the best mean is the answer.",
  recipe: defaultRecipe,
  parameters: gridParameters,
  next: (context, { hiddenLayers, nodesPerLayer, fits }, history) => {
    const capacities = hiddenLayers.flatMap((layers) =>
      (layers === 0 ? [0] : nodesPerLayer).map((nodes) => ({ hiddenLayers: layers, nodesPerLayer: nodes })),
    );
    const size = (capacity: Capacity) => parameterCount(context.inputs, capacity, context.outputs);
    const smallestFirst = [...capacities].sort((a, b) => size(a) - size(b) || a.hiddenLayers - b.hiddenLayers);
    return tryInOrder("grid: the best mean", context, smallestFirst, fits, history);
  },
});
