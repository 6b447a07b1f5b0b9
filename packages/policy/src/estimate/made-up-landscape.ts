/**
 * Made-up losses and epochs over sizes: what a search is played on before anything is trained. A draw is a bowl over log2(nodes) and
 * layers whose lowest place may lie anywhere in the range or beyond it, so that among many draws some climb to the ceiling, some end at
 * the start and some in between; where sizes were trained before, the draw is bent to go through what they gave.
 */
import { type Capacity, capacityText, linearModel, parameterCount, type RandomStream, randomStream, sameCapacity } from "@rightsize/core";
import { exponential, naturalLog } from "../numbers.ts";
import { surrogate, type TriedSize } from "../surrogate.ts";

/** What is believed of trainings before they are made. Deviations are on the log scale, about fractions. */
export interface TrainingBeliefs {
  /** Epoch at which a 1×64 network is best, in the middle of all tables. */
  readonly bestEpoch: number;
  /** How far tables differ in that. */
  readonly bestEpochSpread: number;
  /** How far runs of one size differ in their best epoch. */
  readonly runSpread: number;
  /** Deviation of one fit's loss around its network's mean, and how far that may be off. */
  readonly noise: number;
  readonly noiseSpread: number;
  /** Sizes that were trained before on this very question. */
  readonly known: readonly TriedSize[];
}

/** One draw of a table: the mean log loss of a size, and its best epoch, in the middle of its runs. */
export interface MadeUpLandscape {
  readonly level: (capacity: Capacity) => number;
  readonly bestEpoch: (capacity: Capacity) => number;
  /** Deviation of one fit around the level. */
  readonly noise: number;
}

/** The draw of a number; `meanLoss` is the mean predictor's. Equal arguments give equal landscapes. */
export function madeUpLandscape(draw: number, meanLoss: number, beliefs: TrainingBeliefs): MadeUpLandscape {
  const stream = randomStream(draw, "search", 1, 0);
  const between = (least: number, most: number) => least + (most - least) * stream.uniform();
  const floor = naturalLog(Math.max(meanLoss, 1e-9)) - between(0.1, 2.5);
  const lowest = { octaves: between(-1, 6), layers: between(-0.5, 4) };
  const steepness = { octaves: exponential(between(-6, -2.8)), layers: exponential(between(-5, -2)) };
  const linearGap = between(-0.05, 1);
  const tableShift = beliefs.bestEpochSpread * normal(stream);
  const drawn = (capacity: Capacity): number => {
    if (capacity.hiddenLayers === 0) return drawn({ hiddenLayers: 1, nodesPerLayer: 16 }) + linearGap;
    const { octaves, layers } = placeOf(capacity);
    return floor + steepness.octaves * square(octaves - lowest.octaves) + steepness.layers * square(layers - lowest.layers);
  };
  const bend = bendThrough(drawn, beliefs.known);
  return {
    level: (capacity) => drawn(capacity) + bend(capacity),
    bestEpoch: (capacity) => beliefs.bestEpoch * exponential(tableShift + epochSlope(capacity)),
    noise: beliefs.noise * exponential(beliefs.noiseSpread * normal(stream)),
  };
}

/** With as many parameters e times over, a network is best this much sooner (log scale); the linear model is somewhat later than 1×64 (test/bench/estimate/README.md). */
const epochSlopes = { parameters: -0.38, linear: 0.5 } as const;
/** Features of the network that stands for a size here: sizes are compared, not tables. */
const nominalInputs = 10;

/** How a size's best epoch differs from that of 1×64, log scale. */
export function epochSlope(capacity: Capacity): number {
  if (capacity.hiddenLayers === 0) return epochSlopes.linear;
  const parameters = (of: Capacity) => naturalLog(parameterCount(nominalInputs, of, 1));
  return epochSlopes.parameters * (parameters(capacity) - parameters({ hiddenLayers: 1, nodesPerLayer: 64 }));
}

/** About a standard normal number: the sum of twelve even ones less six (Irwin and Hall), which needs no function whose bits differ between machines. */
export function normal(stream: RandomStream): number {
  let sum = -6;
  for (let count = 0; count < 12; count++) sum += stream.uniform();
  return sum;
}

/** The stream of one run's chance: a matter of the draw, the size and the run's seed alone. */
export function chanceOf(draw: number, capacity: Capacity, seed: number): RandomStream {
  let hash = 0x811c9dc5;
  for (const letter of `${draw} ${capacityText(capacity)}`) hash = Math.imul(hash ^ (letter.codePointAt(0) as number), 0x01000193) >>> 0;
  return randomStream(seed, "search", 2, hash);
}

/** Octaves of nodes above 16, and layers beyond the first. */
function placeOf({ hiddenLayers, nodesPerLayer }: Capacity): { readonly octaves: number; readonly layers: number } {
  return { octaves: naturalLog(nodesPerLayer / 16) / Math.LN2, layers: hiddenLayers - 1 };
}

/** What to add to a drawn level so that it agrees with the sizes that were trained: the smooth guess of what is left over. */
function bendThrough(drawn: (capacity: Capacity) => number, known: readonly TriedSize[]): (capacity: Capacity) => number {
  const rest = known.map((size) => ({ ...size, level: size.level - drawn(size.capacity) }));
  const linear = rest.find(({ capacity }) => sameCapacity(capacity, linearModel));
  const hidden = rest.filter(({ capacity }) => capacity.hiddenLayers > 0);
  const smoothness = { nodesOctaves: 2, layers: 1.5, leastDeviation: 0.05, ownShare: 0, trendShare: { octave: 0, layer: 0 } };
  return (capacity) => {
    if (capacity.hiddenLayers === 0) return linear?.level ?? 0;
    return hidden.length === 0 ? 0 : (surrogate(hidden, [capacity], smoothness).levels[0] as number);
  };
}

function square(value: number): number {
  return value * value;
}
