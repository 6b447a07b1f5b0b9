/** Student's t distribution from + − × ÷ √ and our own logarithm alone, so that every machine finds the same probability. */
import { exponential, naturalLog } from "./numbers.ts";

/** Lanczos' coefficients for g = 7, n = 9 (P. Godfrey's table). */
const lanczos = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];
const halfLogTwoPi = 0.9189385332046727;

/** ln Γ(x) for x > 0.5, to about 14 digits (C. Lanczos 1964, SIAM J. Numer. Anal. B 1, 86). */
export function logGamma(x: number): number {
  const shifted = x - 1;
  const base = shifted + 7.5;
  let series = lanczos[0] as number;
  for (let term = 1; term < lanczos.length; term++) series += (lanczos[term] as number) / (shifted + term);
  return halfLogTwoPi + (shifted + 0.5) * naturalLog(base) - base + naturalLog(series);
}

/**
 * The regularised incomplete beta function I_x(a, b), a and b ≥ 0.5, x in [0, 1]: its continued fraction (DLMF 8.17.22) by
 * Lentz's method (W. J. Lentz 1976, Applied Optics 15, 668), on the side of the mean where it converges fast.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const tiny = 1e-300;
  const awayFromZero = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    const factor = d * c;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-15) break;
  }
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * naturalLog(x) + b * naturalLog(1 - x);
  return logFront < -700 ? 0 : (exponential(logFront) * fraction) / a;
}

/** P(T ≤ t) for Student's t with `degrees` ≥ 1 degrees of freedom (Abramowitz and Stegun 26.7.1). */
export function studentProbability(t: number, degrees: number): number {
  if (t === 0) return 0.5;
  const tail = Math.abs(t) === Number.POSITIVE_INFINITY ? 0 : incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t > 0 ? 1 - tail : tail;
}

/** The t with P(T ≤ t) = probability, in (0, 1), found by halving to 12 digits. */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`a quantile needs a probability in (0, 1), received ${probability}`);
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  let low = 0;
  let high = 1;
  while (studentProbability(high, degrees) < probability) high *= 2;
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (studentProbability(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
