/** Logarithm, exponential, rounding and number text from + − × ÷ alone: the same bits on every machine and JavaScript engine. */

/** ln 2 in two parts, so that `k × high` is exact for |k| < 2^20 (W. J. Cody and W. Waite 1980, "Software manual for the elementary functions"). */
const lnTwoHigh = 0.6931471803691238;
const lnTwoLow = 1.9082149292705877e-10;

/**
 * The natural logarithm of x > 0, to about 1 unit in the 15th digit. `Math.log` may differ in the last bit between engines.
 * x = 2^k × m with m near 1; ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + …) with s = (m − 1) / (m + 1) (Abramowitz and Stegun 4.1.27).
 */
export function naturalLog(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) throw new RangeError(`naturalLog needs a positive finite number, received ${x}`);
  let mantissa = x;
  let exponent = 0;
  while (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let odd = 27; odd >= 1; odd -= 2) series = series * square + 1 / odd;
  return exponent * lnTwoHigh + (2 * s * series + exponent * lnTwoLow);
}

/** e to the power x, |x| ≤ 700, to about 1 unit in the 15th digit: 2^k × the Taylor series of the rest. */
export function exponential(x: number): number {
  if (!(Math.abs(x) <= 700)) throw new RangeError(`exponential needs a number in [-700, 700], received ${x}`);
  const power = Math.round(x / Math.LN2);
  const rest = x - power * lnTwoHigh - power * lnTwoLow;
  let series = 1;
  for (let term = 20; term >= 1; term--) series = 1 + (rest / term) * series;
  for (let doubled = 0; doubled < Math.abs(power); doubled++) series = power > 0 ? series * 2 : series / 2;
  return series;
}

/** The smallest loss that a logarithm is taken of; a loss at or below it counts as this. */
const smallestLoss = 1e-12;

/** Log of a loss, the scale on which trials are compared; losses ≤ 1e-12 (a perfect fit) count as 1e-12. */
export function logLoss(loss: number): number {
  return naturalLog(Math.max(loss, smallestLoss));
}

/** A number rounded to significant decimal digits (12 unless told), as evidence keeps it. */
export function rounded(x: number, digits = 12): number {
  const value = Number(x.toPrecision(digits));
  return value === 0 ? 0 : value;
}

/** A number as a sentence shows it: up to four significant digits, for example `4.4`, `0.0123`. */
export function numberText(x: number): string {
  return String(rounded(x, 4));
}

/** Two numbers as a sentence shows them: with as many digits (4 to 12) as it takes to tell them apart. */
export function pairText(a: number, b: number): readonly [string, string] {
  for (let digits = 4; digits < 12; digits++) {
    if (a === b || rounded(a, digits) !== rounded(b, digits)) return [String(rounded(a, digits)), String(rounded(b, digits))];
  }
  return [String(rounded(a)), String(rounded(b))];
}

/** A fraction as a percentage with up to two significant digits, for example `3.2 %`. */
export function percentText(fraction: number): string {
  return `${rounded(fraction * 100, 2)} %`;
}
