/** Landscapes made of formulas, whose best size is known: the first ten were looked at while the default was made, the others only after. */
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

const freshShapes: readonly Shape[] = [
  { name: "ridge along equal weights", deviation: 0.04, level: (x, y) => 0.12 * (x + 1.2 * y - 4) ** 2 + 0.01 * y },
  { name: "plateau with one cheap corner", deviation: 0.03, level: (x, y) => (x + y <= 1 ? 0.3 : 0) + 0.003 * x },
  { name: "two valleys, the far one deeper", deviation: 0.05, level: (x, y) => -0.2 * bump(x, y, 1, 0) - 0.35 * bump(x, y, 4, 3) },
  {
    name: "staircase of layers",
    deviation: 0.05,
    level: (x, y) => ([0.4, 0.4, 0.05, 0.05][Math.round(y)] as number) - 0.02 * Math.min(x, 3),
  },
  { name: "wide is a trap", deviation: 0.06, level: (x, y) => (x > 3 ? 0.25 * (x - 3) : 0.05 * (3 - x)) + 0.08 * Math.abs(y - 2) },
  { name: "hump in the middle", deviation: 0.04, level: (x, y) => 0.4 * bump(x, y, 2.5, 1.5) - 0.02 * y },
  { name: "flat and quiet", deviation: 0.01, level: () => 0 },
  { name: "saturating, noisy", deviation: 0.12, level: (x, y) => 0.8 * 2 ** -x + 0.2 * 2 ** -y },
];

function bump(x: number, y: number, atX: number, atY: number): number {
  return Math.exp(-((x - atX) ** 2 + (y - atY) ** 2) / 2);
}

/** The ten that were looked at; every draw has the same truth, fits differ. Cost is what the work formula says, epochs fall with size. */
export const syntheticLandscapes: readonly Landscape[] = shapes.map(landscapeOf);
/** Those that were written after the choice. */
export const freshLandscapes: readonly Landscape[] = freshShapes.map(landscapeOf);

function landscapeOf({ name, deviation, level }: Shape): Landscape {
  const place = ({ hiddenLayers, nodesPerLayer }: Capacity) => [Math.log2(nodesPerLayer / 16), hiddenLayers - 1] as const;
  const epochs = (capacity: Capacity) => 300 / (1 + 0.8 * place(capacity)[0]);
  const weights = ({ hiddenLayers, nodesPerLayer }: Capacity) => 10 * nodesPerLayer + (hiddenLayers - 1) * nodesPerLayer ** 2;
  return {
    name,
    trainingRows: 2000,
    validationRows: 860,
    inputs: 10,
    folds: 1,
    noise: deviation,
    bestGuess: null,
    world: () => ({
      truth: (capacity) => level(...place(capacity)) - 1,
      deviation: () => deviation,
      fold: () => 0,
      epochs,
      seconds: (capacity) => epochs(capacity) * (0.02 + 1e-7 * weights(capacity) * 2.24),
    }),
  };
}
