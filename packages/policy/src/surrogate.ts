/**
 * A smooth guess of the loss at sizes not yet tried: a Gaussian process over log2(nodes) and layers, given the levels of the
 * trials and their errors (Rasmussen and Williams 2006, "Gaussian processes for machine learning", ch. 2), and the expected
 * improvement of one more fit there (Jones, Schonlau and Welch 1998, J. Global Optimization 13, 455).
 */
import type { Capacity } from "@rightsize/core";
import { exponential, naturalLog } from "./numbers.ts";

/** One tried size: its level (mean log loss) and the variance of that mean. */
export interface TriedSize {
  readonly capacity: Capacity;
  readonly level: number;
  readonly variance: number;
}
/** How far the loss of one size speaks for another: octaves of nodes, layers, and the least deviation of levels (log scale). */
export interface Smoothness {
  readonly nodesOctaves: number;
  readonly layers: number;
  readonly leastDeviation: number;
}
/** A guessed level (mean log loss) and the deviation of that guess. */
export interface Guess {
  readonly level: number;
  readonly deviation: number;
}

/** The guess at any capacity with a hidden layer. Needs at least one tried size. */
export function surrogate(tried: readonly TriedSize[], smoothness: Smoothness): (capacity: Capacity) => Guess {
  const mean = tried.reduce((sum, { level }) => sum + level, 0) / tried.length;
  const spread = tried.reduce((sum, { level }) => sum + (level - mean) * (level - mean), 0) / tried.length;
  const amplitude = Math.max(spread, smoothness.leastDeviation * smoothness.leastDeviation);
  const kernel = (a: Capacity, b: Capacity) => {
    const nodes = (naturalLog(a.nodesPerLayer) - naturalLog(b.nodesPerLayer)) / (Math.LN2 * smoothness.nodesOctaves);
    const layers = (a.hiddenLayers - b.hiddenLayers) / smoothness.layers;
    return amplitude * exponential(-Math.min(600, (nodes * nodes + layers * layers) / 2));
  };
  // L Lᵀ = K + noise: [tried, tried]
  const lower: number[][] = [];
  tried.forEach((a, i) => {
    const line: number[] = [];
    for (let j = 0; j <= i; j++) {
      const b = tried[j] as TriedSize;
      const other = j === i ? line : (lower[j] as number[]);
      let sum = kernel(a.capacity, b.capacity) + (i === j ? a.variance + 1e-6 * amplitude : 0);
      for (let k = 0; k < j; k++) sum -= (line[k] as number) * (other[k] as number);
      line.push(j === i ? Math.sqrt(Math.max(sum, 1e-14)) : sum / (other[j] as number));
    }
    lower.push(line);
  });
  const forward = (right: readonly number[]) => {
    const solved: number[] = [];
    lower.forEach((row, i) => {
      let sum = right[i] as number;
      for (let k = 0; k < i; k++) sum -= (row[k] as number) * (solved[k] as number);
      solved.push(sum / (row[i] as number));
    });
    return solved;
  };
  // The constant mean by generalised least squares: 1ᵀK⁻¹y / 1ᵀK⁻¹1
  const ones = forward(tried.map(() => 1));
  const raw = forward(tried.map(({ level }) => level));
  const weight = ones.reduce((sum, one) => sum + one * one, 0);
  const constant = ones.reduce((sum, one, index) => sum + one * (raw[index] as number), 0) / weight;
  const residual = raw.map((value, index) => value - constant * (ones[index] as number));
  return (capacity) => {
    const half = forward(tried.map((size) => kernel(capacity, size.capacity)));
    const explained = half.reduce((sum, value) => sum + value * value, 0);
    const left = 1 - half.reduce((sum, value, index) => sum + value * (ones[index] as number), 0);
    return {
      level: constant + half.reduce((sum, value, index) => sum + value * (residual[index] as number), 0),
      deviation: Math.sqrt(Math.max(0, amplitude - explained + (left * left) / weight)),
    };
  };
}

/** How much lower than `best` a size is expected to be, counting only improvements (log scale, ≥ 0). */
export function expectedImprovement({ level, deviation }: Guess, best: number): number {
  const gain = best - level;
  if (deviation <= 0) return Math.max(0, gain);
  const z = gain / deviation;
  const density = 0.3989422804014327 * exponential(-Math.min(600, (z * z) / 2));
  return Math.max(0, gain * normalProbability(z) + deviation * density);
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
