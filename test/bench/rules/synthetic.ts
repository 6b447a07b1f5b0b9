/** Landscapes made of formulas, whose best size is known: what no rule here was chosen on. */
import type { Capacity } from "@rightsize/core";
import type { Landscape } from "./landscape.ts";

interface Shape {
  readonly name: string;
  /** Deviation of one fit, log scale. */
  readonly deviation: number;
  /** Log loss at x = log2(nodes / 16) in [0, 5] and y = layers − 1 in [0, 3]. */
  readonly level: (x: number, y: number) => number;
}

const shapes: readonly Shape[] = [
  { name: "bowl at 2×128, quiet", deviation: 0.02, level: (x, y) => 0.06 * (x - 3) ** 2 + 0.08 * (y - 1) ** 2 },
  { name: "bowl at 2×128, noisy", deviation: 0.1, level: (x, y) => 0.06 * (x - 3) ** 2 + 0.08 * (y - 1) ** 2 },
  { name: "ever better with size", deviation: 0.05, level: (x, y) => -0.12 * x - 0.1 * y + 0.01 * x * y },
  { name: "best is the smallest", deviation: 0.04, level: (x, y) => 0.04 * x + 0.06 * y },
  { name: "wide and shallow", deviation: 0.04, level: (x, y) => -0.15 * x + 0.12 * y },
  { name: "narrow and deep", deviation: 0.06, level: (x, y) => 0.05 * x - 0.2 * y },
  { name: "saturating", deviation: 0.05, level: (x, y) => 0.6 * 2 ** -x + 0.3 * 3 ** -y },
  {
    name: "hump between two valleys",
    deviation: 0.05,
    level: (x, y) => (y === 0 ? 1 : (0.35 * Math.exp(-((x - 3) ** 2) / 2)) / y + 0.02 * x),
  },
  { name: "cliff: four layers don't learn", deviation: 0.05, level: (x, y) => (y === 3 ? 1.5 : -0.08 * x - 0.15 * y) },
  { name: "flat and noisy", deviation: 0.08, level: () => 0 },
];

/** All synthetic landscapes; every draw has the same truth, fits differ. Cost is what the work formula says, epochs fall with size. */
export const syntheticLandscapes: readonly Landscape[] = shapes.map(({ name, deviation, level }) => {
  const place = ({ hiddenLayers, nodesPerLayer }: Capacity) => [Math.log2(nodesPerLayer / 16), hiddenLayers - 1] as const;
  const epochs = (capacity: Capacity) => 300 / (1 + 0.8 * place(capacity)[0]);
  const weights = ({ hiddenLayers, nodesPerLayer }: Capacity) => 10 * nodesPerLayer + (hiddenLayers - 1) * nodesPerLayer ** 2;
  return {
    name,
    trainingRows: 2000,
    validationRows: 860,
    inputs: 10,
    folds: 1,
    bestGuess: null,
    world: () => ({
      truth: (capacity) => level(...place(capacity)) - 1,
      deviation: () => deviation,
      fold: () => 0,
      epochs,
      seconds: (capacity) => epochs(capacity) * (0.02 + 1e-7 * weights(capacity) * 2.24),
    }),
  };
});
