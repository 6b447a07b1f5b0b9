/** A landscape: what is known of validation loss, noise, epochs and cost over capacities, and worlds drawn from it. */
import { type Capacity, randomStream } from "@rightsize/core";
import { type Measured, posterior } from "./gaussian-process.ts";

/** One recorded cell, as the .jsonl files have it. */
export interface Cell {
  readonly layers: number;
  readonly nodes: number;
  readonly val: readonly number[];
  readonly epochs: readonly number[];
  /** CPU seconds of all its fits together, or of each. */
  readonly cpu: number | readonly number[];
  /** CPU seconds of an epoch of a run that trains alone; where it is recorded, it is what a fit costs. */
  readonly cpuPerEpoch?: number;
  readonly ntr: number;
  readonly nva?: number;
  readonly inputs?: number;
  /** Fit r is of fold r modulo folds; 1 unless told. */
  readonly folds?: number;
}

export interface Landscape {
  readonly name: string;
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly inputs: number;
  readonly folds: number;
  /** Deviation of one fit around its cell (and fold), log scale, pooled over the cells. */
  readonly noise: number;
  /** The grid cell that all recorded fits together say is best; null where the truth is a formula. */
  readonly bestGuess: Capacity | null;
  /** One world: the truth at every capacity of the explored range, and the noise around it. */
  readonly world: (draw: number) => World;
}
export interface World {
  /** Log loss that infinitely many fits of the capacity would have as their mean. */
  readonly truth: (capacity: Capacity) => number;
  /** Deviation of one fit around it (and around its fold), log scale. */
  readonly deviation: (capacity: Capacity) => number;
  /** How much harder a fold is, for this capacity: log scale, 0 on average over the folds. */
  readonly fold: (fold: number, capacity: Capacity) => number;
  readonly epochs: (capacity: Capacity) => number;
  /** CPU seconds of one fit (relative figures only are reported). */
  readonly seconds: (capacity: Capacity) => number;
}

export const gridLayers = [1, 2, 3, 4] as const;
export const gridNodes = [16, 32, 64, 128, 256, 512] as const;
/** Regret and cost are measured against these 24. */
export const gridCells: readonly Capacity[] = gridLayers.flatMap((hiddenLayers) =>
  gridNodes.map((nodesPerLayer) => ({ hiddenLayers, nodesPerLayer })),
);

/** Reads one recorded file's lines. Cells with one fit or outside layers 1–4 are left out. */
export function recordedLandscape(name: string, cells: readonly Cell[]): Landscape {
  const used = cells.filter(({ layers, val }) => layers >= 1 && layers <= 4 && val.length > 1);
  const first = used[0];
  if (first === undefined) throw new RangeError(`${name} has no usable cell`);
  const folds = foldEffects(
    used.map(({ val }) => val.map(Math.log)),
    first.folds ?? 1,
  );
  const logs = used.map(({ val }) =>
    val.map((loss, replicate) => Math.log(loss) - (folds.shared[replicate % folds.shared.length] as number)),
  );
  const squares = logs.map((values) => squaresAround(values));
  const pooled = squares.reduce((sum, value) => sum + value, 0) / logs.reduce((sum, values) => sum + values.length - 1, 0);
  // A cell's own deviation leans on the pooled one with the weight of 4 fits: three fits say little about a deviation.
  const variances = logs.map((values, index) => (4 * pooled + (squares[index] as number)) / (4 + values.length - 1));
  const measured: readonly Measured[] = used.map(({ layers, nodes }, index) => {
    const values = logs[index] as number[];
    return { layers, nodes, level: mean(values), variance: (variances[index] as number) / values.length };
  });
  // Sizes off the grid (the course's 100, 200, 250; random's) are read between these.
  const lattice = [...new Set([...gridNodes, ...used.map(({ nodes }) => nodes)])].sort((a, b) => a - b);
  const places = gridLayers.flatMap((layers) => lattice.map((nodes) => ({ layers, nodes })));
  const smoothed = posterior(measured, places);
  const known = (pick: (cell: Cell, index: number) => number) => {
    const byLayer = gridLayers.map((layers) =>
      used
        .map((cell, index) => ({ cell, index }))
        .filter(({ cell }) => cell.layers === layers)
        .map(({ cell, index }) => [Math.log2(cell.nodes), pick(cell, index)] as const)
        .sort((a, b) => a[0] - b[0]),
    );
    return ({ hiddenLayers, nodesPerLayer }: Capacity) => interpolate(byLayer[hiddenLayers - 1] ?? [], Math.log2(nodesPerLayer));
  };
  const logDeviation = known((_, index) => Math.log(variances[index] as number) / 2);
  const logEpochs = known(({ epochs }) => Math.log(mean(epochs)));
  const logSeconds = known(({ cpu, val, epochs, cpuPerEpoch }) => {
    const all = typeof cpu === "number" ? cpu : cpu.reduce((sum, seconds) => sum + seconds, 0);
    return Math.log(cpuPerEpoch === undefined ? all / val.length : cpuPerEpoch * mean(epochs));
  });
  const guessed = ({ hiddenLayers, nodesPerLayer }: Capacity) =>
    smoothed.mean[places.findIndex(({ layers, nodes }) => layers === hiddenLayers && nodes === nodesPerLayer)] as number;
  return {
    name,
    trainingRows: first.ntr,
    validationRows: first.nva ?? Math.round((first.ntr * 3) / 7),
    inputs: first.inputs ?? 10,
    folds: folds.shared.length,
    noise: Math.sqrt(pooled),
    bestGuess: gridCells.reduce((best, cell) => (guessed(cell) < guessed(best) ? cell : best)),
    world: (draw) => {
      const levels = smoothed.draw(normals(draw, hashText(name)));
      const byLayer = gridLayers.map((layers) =>
        places.flatMap((place, index) => (place.layers === layers ? [[Math.log2(place.nodes), levels[index] as number] as const] : [])),
      );
      return {
        truth: ({ hiddenLayers, nodesPerLayer }) => interpolate(byLayer[hiddenLayers - 1] ?? [], Math.log2(nodesPerLayer)),
        deviation: (capacity) => Math.sqrt(Math.max(0, Math.exp(2 * logDeviation(capacity)) - folds.own ** 2)),
        fold: (fold, capacity) => (folds.shared[fold] as number) + folds.own * ownEffects(folds.shared.length, draw, name, capacity)(fold),
        epochs: (capacity) => Math.exp(logEpochs(capacity)),
        seconds: (capacity) => Math.exp(logSeconds(capacity)),
      };
    },
  };
}

/**
 * What folds do, from the losses of all cells: a difficulty that all cells share (0 on average), and the deviation of what each
 * cell has of its own on a fold, beyond the noise between seeds of one cell and fold (0 where no fold has two seeds).
 */
function foldEffects(logs: readonly (readonly number[])[], count: number): { readonly shared: readonly number[]; readonly own: number } {
  if (count === 1) return { shared: [0], own: 0 };
  const numbers = Array.from({ length: count }, (_, fold) => fold);
  const at = (values: readonly number[], fold: number) => values.filter((_, replicate) => replicate % count === fold);
  // A fold that no seed has met yet counts as an average one.
  const seen = numbers.map((fold) => logs.filter((values) => at(values, fold).length > 0));
  const raw = seen.map((some, fold) => (some.length === 0 ? 0 : mean(some.map((values) => mean(at(values, fold)) - mean(values)))));
  const shared = raw.map((effect) => effect - mean(raw));
  const groups = logs.flatMap((values) => {
    const centre = mean(values.map((value, replicate) => value - (shared[replicate % count] as number)));
    return numbers.map((fold) => at(values, fold).map((value) => value - centre - (shared[fold] as number)));
  });
  const pairs = groups.filter((group) => group.length > 1);
  if (pairs.length === 0) return { shared, own: 0 };
  const within = pairs.reduce((sum, group) => sum + squaresAround(group), 0) / pairs.reduce((sum, group) => sum + group.length - 1, 0);
  const between = mean(pairs.map((group) => mean(group) ** 2 - within / group.length));
  return { shared, own: Math.sqrt(Math.max(0, between)) };
}

/** Standard normal effects of a capacity on each fold, less their mean; the same for all rules that meet this world. */
function ownEffects(count: number, draw: number, name: string, { hiddenLayers, nodesPerLayer }: Capacity): (fold: number) => number {
  const normal = normals(draw, hashText(`${name} folds ${hiddenLayers}×${nodesPerLayer}`));
  const effects = Array.from({ length: count }, normal);
  return (fold) => (effects[fold] as number) - mean(effects);
}

/** Standard normal numbers of one place, by Box and Muller (1958). */
export function normals(seed: number, index: number): () => number {
  const stream = randomStream(seed, "sample", 0, index >>> 0);
  return () => Math.sqrt(-2 * Math.log(1 - stream.uniform())) * Math.cos(2 * Math.PI * stream.uniform());
}

/** FNV-1a: a number for a name. */
export function hashText(text: string): number {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return value;
}

function interpolate(points: readonly (readonly [number, number])[], at: number): number {
  const after = points.findIndex(([x]) => x >= at);
  const last = points[points.length - 1];
  if (last === undefined) throw new RangeError("nothing is known at this number of layers");
  if (after < 0) return last[1];
  const [x1, y1] = points[after] as readonly [number, number];
  const before = points[after - 1];
  if (before === undefined || x1 === at) return y1;
  return before[1] + ((y1 - before[1]) * (at - before[0])) / (x1 - before[0]);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
function squaresAround(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
