/** Scales from numbers to pixels, and the ticks that people expect on them. */

export interface Scale {
  readonly kind: "linear" | "log";
  readonly domain: readonly [number, number];
  /** Pixel of a value. */
  at(value: number): number;
  /** Value at a pixel. */
  invert(pixel: number): number;
  ticks(wanted: number): number[];
}

/** A linear scale. An empty domain is widened, so that one value stands in the middle. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain[0] === domain[1] ? widened(domain[0]) : domain;
  const slope = (range[1] - range[0]) / (high - low);
  return {
    kind: "linear",
    domain: [low, high],
    at: (value) => range[0] + (value - low) * slope,
    invert: (pixel) => low + (pixel - range[0]) / slope,
    ticks: (wanted) => linearTicks(low, high, wanted),
  };
}

/** A logarithmic scale (base 10) for a domain above 0. */
export function logScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const low = Math.max(domain[0], Number.MIN_VALUE);
  const high = Math.max(domain[1], low);
  const from = Math.log10(low) - (low === high ? 0.5 : 0);
  const to = Math.log10(high) + (low === high ? 0.5 : 0);
  const slope = (range[1] - range[0]) / (to - from);
  return {
    kind: "log",
    domain: [10 ** from, 10 ** to],
    at: (value) => range[0] + (Math.log10(Math.max(value, Number.MIN_VALUE)) - from) * slope,
    invert: (pixel) => 10 ** (from + (pixel - range[0]) / slope),
    ticks: (wanted) => logTicks(10 ** from, 10 ** to, wanted),
  };
}

function widened(value: number): readonly [number, number] {
  const half = value === 0 ? 1 : Math.abs(value) * 0.1;
  return [value - half, value + half];
}

/** Steps of 1, 2 or 5 times a power of ten, all inside the domain. */
export function linearTicks(low: number, high: number, wanted: number): number[] {
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++)
    ticks.push(Number((index * step).toPrecision(12)));
  return ticks;
}

/** Powers of ten; with 2 and 5 between them where there is room; linear ticks where the domain is less than a factor of three. */
export function logTicks(low: number, high: number, wanted: number): number[] {
  const decades = Math.log10(high / low);
  if (decades < Math.log10(3)) return linearTicks(low, high, wanted);
  for (const factors of [[1, 2, 5], [1, 3], [1]]) {
    const every = factors.length === 1 ? Math.max(1, Math.ceil(decades / wanted)) : 1;
    const ticks: number[] = [];
    for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent += every) {
      for (const factor of factors) {
        const tick = Number((factor * 10 ** exponent).toPrecision(12));
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
    }
    if (ticks.length <= wanted + 2 || factors.length === 1) return ticks;
  }
  return [];
}

/** The smallest and largest of the finite numbers; null where there are none. */
export function extent(values: Iterable<number>): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : null;
}

/** A domain with a fraction of air on both sides; on a log scale the air is a factor. */
export function padded([low, high]: readonly [number, number], fraction: number, kind: Scale["kind"]): [number, number] {
  if (kind === "log" && low > 0) {
    const factor = (high / low) ** fraction || 1;
    return [low / factor, high * factor];
  }
  const air = (high - low) * fraction;
  return [low - air, high + air];
}

/** The texts of an axis's ticks: `62.8k`, `0.05`, `1.5M`; with as many digits (3 to 9) as it takes for each to stand where it says. */
export function tickTexts(ticks: readonly number[]): readonly string[] {
  const gaps = ticks.slice(1).map((tick, index) => Math.abs(tick - (ticks[index] as number)));
  const error = 0.05 * Math.min(...gaps);
  let digits = 3;
  while (digits < 9 && ticks.some((tick) => Math.abs(Number(tick.toPrecision(digits)) - tick) > error)) digits++;
  return ticks.map((tick) => tickText(tick, digits));
}

function tickText(value: number, digits: number): string {
  const size = Math.abs(value);
  const short = (divided: number, unit: string) => `${Number(divided.toPrecision(digits))}${unit}`.replace("-", "−");
  if (size >= 1e9) return short(value / 1e9, "G");
  if (size >= 1e6) return short(value / 1e6, "M");
  if (size >= 1e3) return short(value / 1e3, "k");
  if (size !== 0 && size < 1e-4) return Number(value.toPrecision(digits)).toExponential().replaceAll("-", "−");
  return short(value, "");
}
