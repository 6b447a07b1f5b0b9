/** What the parts of the service's bench share: how a part tells its figures, and their quantiles. */

export interface BenchOptions {
  /** Scripted runs of the slot gap's part, over all slots. */
  readonly runs: number;
  /** How long each of them takes, in milliseconds. */
  readonly runMs: number;
  readonly queues: readonly ("postgres" | "redis")[];
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "/s" | "s" | "";
  /** The aim, where there is one: at most so much for times and counts of mistakes, at least so much for rates. */
  readonly aim?: number;
}

export interface Part {
  readonly name: string;
  /** What is measured, in a sentence. */
  readonly what: string;
  measure(options: BenchOptions): Promise<readonly Figure[]>;
}

/** The smallest value that is not below `share` (0–1) of them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

/** p50 and p99 of times in milliseconds; the aim is p99's. */
export function timesOf(name: string, times: readonly number[], aim?: number): readonly Figure[] {
  return [
    { name: `${name}, p50 of ${times.length}`, value: quantile(times, 0.5), unit: "ms" },
    { name: `${name}, p99`, value: quantile(times, 0.99), unit: "ms", ...(aim === undefined ? {} : { aim }) },
  ];
}

/** Whether a figure reaches its aim. */
export function reached({ value, unit, aim }: Figure): boolean {
  return aim === undefined || (unit === "/s" ? value >= aim : value <= aim);
}
