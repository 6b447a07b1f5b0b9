/** From raw records to comparisons: log ratios of test losses, paired by table and split, with bootstrap intervals over both. */
import { randomStream } from "@rightsize/core";
import { isOurs, type OurRecord, type PeerRecord, type RivalRecord } from "./records.ts";

export type OurForm = "single" | "delivered";
export type RivalForm = "single" | "mean" | "chosen";
export type Budget = "cpu" | "fits";

export interface Comparison {
  readonly ours: OurForm;
  readonly rival: string;
  readonly form: RivalForm;
  readonly budget: Budget;
  /** Pairs of table and split. */
  readonly pairs: number;
  /** Our test loss against the rival's, as a percentage; negative is ours lower. Geometric mean over the tables. */
  readonly percent: number;
  /** 95 % interval of `percent`. */
  readonly low: number;
  readonly high: number;
  readonly verdict: "win" | "loss" | "open";
  /** The same percentage of each table. */
  readonly byTable: Readonly<Record<string, number>>;
}

/** A percentage over all tables with its 95 % interval. */
export type Interval = Pick<Comparison, "pairs" | "percent" | "low" | "high">;

const resamples = 10_000;

/**
 * What choosing how many of the best five to average (by the mean's validation loss, as the product does) gains over averaging all five,
 * among the rivals' searches with equal CPU seconds: the test loss of the one against the other.
 */
export function gainOfChoosing(records: readonly PeerRecord[]): Interval | null {
  const tables = new Map<string, number[]>();
  for (const record of records) {
    if (isOurs(record) || record.cpu === null || record.cpu.mean.count < 3) continue;
    const ratios = tables.get(record.table) ?? [];
    ratios.push(Math.log(record.cpu.chosen.test / record.cpu.mean.test));
    tables.set(record.table, ratios);
  }
  return tables.size === 0 ? null : summaryOf([...tables.values()]);
}

/** Every comparison that the records allow; a method counts where it has found something. */
export function comparisons(records: readonly PeerRecord[]): readonly Comparison[] {
  const ours = records.filter(isOurs);
  const rivals = records.filter((record): record is RivalRecord => !isOurs(record));
  const methods = [...new Set(rivals.map(({ method }) => method))];
  const found: Comparison[] = [];
  for (const budget of ["cpu", "fits"] as const) {
    for (const rival of methods) {
      const of = rivals.filter(({ method }) => method === rival);
      for (const [own, form] of pairsOfForms(of)) {
        const comparison = compare(ours, of, own, form, budget);
        if (comparison !== null) found.push({ ...comparison, rival });
      }
    }
  }
  return found;
}

/** Single against single, averaged against averaged (both ways), and what we deliver against what the rival's usual answer is. */
function pairsOfForms(records: readonly RivalRecord[]): readonly (readonly [OurForm, RivalForm])[] {
  const averages = records.some(({ cpu, fits }) => Math.max(cpu?.mean.count ?? 0, fits?.mean.count ?? 0) > 1);
  const plain = [
    ["delivered", "single"],
    ["single", "single"],
  ] as const;
  return averages ? [...plain, ["delivered", "mean"], ["delivered", "chosen"]] : plain;
}

function compare(
  ours: readonly OurRecord[],
  rivals: readonly RivalRecord[],
  own: OurForm,
  form: RivalForm,
  budget: Budget,
): Omit<Comparison, "rival"> | null {
  const tables = new Map<string, number[]>();
  for (const record of rivals) {
    const pair = ours.find(({ table, split }) => table === record.table && split === record.split);
    const loss = record[budget]?.[form].test;
    if (pair === undefined || loss === undefined) continue;
    const ratios = tables.get(record.table) ?? [];
    ratios.push(Math.log(pair[own].test / loss));
    tables.set(record.table, ratios);
  }
  if (tables.size === 0) return null;
  const summary = summaryOf([...tables.values()]);
  return {
    ours: own,
    form,
    budget,
    ...summary,
    verdict: summary.high < 0 ? "win" : summary.low > 0 ? "loss" : "open",
    byTable: Object.fromEntries([...tables].map(([table, ratios]) => [table, asPercent(mean(ratios))])),
  };
}

/** Of log ratios, grouped by table. */
function summaryOf(groups: readonly (readonly number[])[]): Interval {
  const [low, high] = interval(groups).map(asPercent) as [number, number];
  return { pairs: groups.flat().length, percent: asPercent(mean(groups.map(mean))), low, high };
}

/** Quantiles 2.5 % and 97.5 % of the mean over tables, tables and the splits within each drawn with replacement (Efron 1979). */
function interval(groups: readonly (readonly number[])[]): readonly [number, number] {
  const { below } = randomStream(1, "sample", 0, 0);
  const drawn = <Item>(items: readonly Item[]): Item[] => items.map(() => items[below(items.length)] as Item);
  const means = Array.from({ length: resamples }, () => mean(drawn(groups).map((group) => mean(drawn(group)))));
  means.sort((a, b) => a - b);
  const at = (share: number) => means[Math.round(share * (resamples - 1))] as number;
  return [at(0.025), at(0.975)];
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const asPercent = (logRatio: number) => 100 * Math.expm1(logRatio);
