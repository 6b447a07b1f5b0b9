/** The store: the only truth. Every method is one transaction; concurrency promises stand on the methods. */
import type { ExperimentId } from "../ids.ts";
import type { DatasetStore } from "./store/datasets.ts";
import type { ExperimentStore } from "./store/experiments.ts";
import type { KeyStore } from "./store/keys.ts";
import type { OutboxStore } from "./store/outbox.ts";
import type { WorkStore } from "./store/work.ts";
import type { WorkerStore } from "./store/workers.ts";

export type * from "./store/advance-plan.ts";
export type * from "./store/datasets.ts";
export type * from "./store/experiments.ts";
export type * from "./store/keys.ts";
export type * from "./store/outbox.ts";
export type * from "./store/pages.ts";
export type * from "./store/snapshot.ts";
export type * from "./store/work.ts";
export type * from "./store/workers.ts";

/** A hint that something changed; it may be lost, so every listener also looks by itself from time to time. */
export type Signal =
  | { readonly kind: "experiment"; readonly id: ExperimentId }
  | { readonly kind: "epochs"; readonly id: ExperimentId }
  | { readonly kind: "outbox" };

export interface Store {
  readonly datasets: DatasetStore;
  readonly experiments: ExperimentStore;
  readonly work: WorkStore;
  readonly outbox: OutboxStore;
  readonly workers: WorkerStore;
  readonly keys: KeyStore;
  /** Calls back on every signal until the returned function is called; reconnects by itself. */
  subscribe(listener: (signal: Signal) => void): Promise<() => Promise<void>>;
  /** The database's clock, which all times of records come from, in milliseconds since 1970. */
  clock(): Promise<number>;
  /** Throws `unavailable` when the database can't be reached. */
  check(): Promise<void>;
  close(): Promise<void>;
}
