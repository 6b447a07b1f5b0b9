/** What is kept of one method on one split of one table: a line of results/peers.jsonl. */

/** Losses of one model: mean squared error on the standardised target, or log loss. */
export interface Loss {
  readonly val: number | null;
  readonly test: number;
}

/** What a method has found at a budget. */
export interface Found {
  readonly single: Loss & { readonly layers: number | null; readonly nodes: number | null };
  /** The plain mean of the five best on validation. */
  readonly mean: Loss & { readonly count: number };
  /** Of the five best, the first so many whose mean is best on validation: the product's own way. */
  readonly chosen: Loss & { readonly count: number };
  readonly fits: number;
  readonly cpuSeconds: number;
}

export interface RivalRecord {
  readonly table: string;
  readonly split: number;
  readonly method: string;
  /** With as many CPU seconds as ours took. */
  readonly cpu: Found | null;
  /** With as many fits as ours made. */
  readonly fits: Found | null;
  readonly trace: readonly unknown[];
}

export interface OurRecord {
  readonly table: string;
  readonly split: number;
  readonly method: "ours";
  /** Of the rule that searched, for example `default/1`. */
  readonly policyVersion: string;
  /** Of the worker and its trainer, from the request to the answer. */
  readonly cpuSeconds: number;
  /** Trainings of networks and of the linear model that the search asked for. */
  readonly fits: number;
  readonly single: Loss;
  readonly delivered: Loss & { readonly members: readonly { readonly capacity: string; readonly seed: number }[] };
  readonly trials: readonly { readonly capacity: string; readonly losses: readonly (number | null)[]; readonly winner: boolean }[];
}

export type PeerRecord = OurRecord | RivalRecord;
export const isOurs = (record: PeerRecord): record is OurRecord => record.method === "ours";
