/**
 * A smooth guess of the loss at all sizes: a Gaussian process over log2(nodes) and layers, given the levels of the trials and
 * their errors (Rasmussen and Williams 2006, "Gaussian processes for machine learning", ch. 2), with an unknown mean (2.7), and
 * what one more fit is expected to change (the knowledge gradient: Frazier, Powell and Dayanik 2009, INFORMS J. Computing 21, 599).
 */
import type { Capacity } from "@rightsize/core";
import { exponential, naturalLog } from "./numbers.ts";

/** One tried size: its level (mean log loss) and the variance of that mean. */
export interface TriedSize {
  readonly capacity: Capacity;
  readonly level: number;
  readonly variance: number;
}
/** How far the loss of one size speaks for another: octaves of nodes, layers; and how much levels of sizes differ. */
export interface Smoothness {
  readonly nodesOctaves: number;
  readonly layers: number;
  /** Least deviation of levels (log scale). */
  readonly leastDeviation: number;
  /** Share of the levels' variance that a size has of its own, which no other size speaks of. */
  readonly ownShare: number;
  /** How steep a straight trend may be: its variance for an octave of nodes, and for a layer, as shares of the levels' variance. */
  readonly trendShare: { readonly octave: number; readonly layer: number };
}
/** What is believed of the levels (mean log loss) at some places. */
export interface Guess {
  /** Expected level by place. */
  readonly levels: readonly number[];
  /** Covariance of two places' levels. */
  readonly covariance: (one: number, other: number) => number;
}

/** The guess at places (capacities with a hidden layer). Needs at least one tried size. */
export function surrogate(tried: readonly TriedSize[], places: readonly Capacity[], smoothness: Smoothness): Guess {
  const mean = tried.reduce((sum, { level }) => sum + level, 0) / tried.length;
  const spread = tried.reduce((sum, { level }) => sum + (level - mean) * (level - mean), 0) / tried.length;
  const amplitude = Math.max(spread, smoothness.leastDeviation * smoothness.leastDeviation);
  const octaves = ({ nodesPerLayer }: Capacity) => naturalLog(nodesPerLayer) / Math.LN2;
  const kernel = (a: Capacity, b: Capacity) => {
    const nodes = (octaves(a) - octaves(b)) / smoothness.nodesOctaves;
    const layers = (a.hiddenLayers - b.hiddenLayers) / smoothness.layers;
    const own = nodes === 0 && layers === 0 ? smoothness.ownShare : 0;
    // Where the trend's axes begin is of no account, since the mean is free.
    const trend =
      smoothness.trendShare.octave * (octaves(a) - 6) * (octaves(b) - 6) +
      smoothness.trendShare.layer * (a.hiddenLayers - 2) * (b.hiddenLayers - 2);
    return amplitude * (exponential(-Math.min(600, (nodes * nodes + layers * layers) / 2)) + own + trend);
  };
  const lower = cholesky(
    tried.map((a, i) => tried.map((b, j) => kernel(a.capacity, b.capacity) + (i === j ? a.variance + 1e-6 * amplitude : 0))),
  );
  // The constant mean by generalised least squares: 1ᵀK⁻¹y / 1ᵀK⁻¹1
  const ones = solveLower(
    lower,
    tried.map(() => 1),
  );
  const raw = solveLower(
    lower,
    tried.map(({ level }) => level),
  );
  const weight = dot(ones, ones);
  const constant = dot(ones, raw) / weight;
  const residual = raw.map((value, index) => value - constant * (ones[index] as number));
  // [places, tried]
  const halves = places.map((place) =>
    solveLower(
      lower,
      tried.map(({ capacity }) => kernel(place, capacity)),
    ),
  );
  const lefts = halves.map((half) => 1 - dot(half, ones));
  return {
    levels: halves.map((half) => constant + dot(half, residual)),
    covariance: (one, other) =>
      kernel(places[one] as Capacity, places[other] as Capacity) -
      dot(halves[one] as readonly number[], halves[other] as readonly number[]) +
      ((lefts[one] as number) * (lefts[other] as number)) / weight,
  };
}

/**
 * How much lower the least expected level among `eligible` places (and `place` itself) is expected to be after one more fit at
 * `place`, whose noise has the deviation given (log scale, ≥ 0): the mean over 32 equally likely results of that fit.
 */
export function expectedFall({ levels, covariance }: Guess, place: number, eligible: readonly number[], noise: number): number {
  const now = Math.min(...eligible.map((one) => levels[one] as number));
  const deviation = Math.sqrt(Math.max(0, covariance(place, place)) + noise * noise);
  if (!(deviation > 0)) return 0;
  const open = eligible.includes(place) ? eligible : [...eligible, place];
  const lines = open.map((one) => ({ level: levels[one] as number, slope: covariance(one, place) / deviation }));
  let sum = 0;
  for (const z of quantiles) {
    let least = Number.POSITIVE_INFINITY;
    for (const { level, slope } of lines) least = Math.min(least, level + slope * z);
    sum += least;
  }
  return Math.max(0, now - sum / quantiles.length);
}

/** The middles of 32 equally likely parts of the standard normal distribution. */
const quantiles: readonly number[] = Array.from({ length: 32 }, (_, part) => normalQuantile((part + 0.5) / 32));

/** The z with P(Z ≤ z) = probability, in (1e-9, 1 − 1e-9), by halving. */
export function normalQuantile(probability: number): number {
  let low = -7;
  let high = 7;
  for (let halving = 0; halving < 50; halving++) {
    const middle = (low + high) / 2;
    if (normalProbability(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(Z ≤ z) of the standard normal: its Taylor series about 0 (G. Marsaglia 2004, J. Statistical Software 11(4)). */
export function normalProbability(z: number): number {
  if (z < -7) return 0;
  if (z > 7) return 1;
  let term = z;
  let sum = z;
  for (let odd = 3; odd < 400 && Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + 0.3989422804014327 * exponential((-z * z) / 2) * sum;
}

/** The lower triangle L with L Lᵀ = matrix; a pivot below 1e-14 counts as 1e-14. */
function cholesky(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const lower: number[][] = [];
  matrix.forEach((row, i) => {
    const line: number[] = [];
    for (let j = 0; j <= i; j++) {
      const other = j === i ? line : (lower[j] as number[]);
      let sum = row[j] as number;
      for (let k = 0; k < j; k++) sum -= (line[k] as number) * (other[k] as number);
      line.push(j === i ? Math.sqrt(Math.max(sum, 1e-14)) : sum / (other[j] as number));
    }
    lower.push(line);
  });
  return lower;
}

function solveLower(lower: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const solved: number[] = [];
  lower.forEach((row, i) => {
    let sum = right[i] as number;
    for (let k = 0; k < i; k++) sum -= (row[k] as number) * (solved[k] as number);
    solved.push(sum / (row[i] as number));
  });
  return solved;
}

function dot(one: readonly number[], other: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] as number) * (other[index] as number);
  return sum;
}
