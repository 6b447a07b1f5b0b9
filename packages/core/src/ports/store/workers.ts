/** The store of workers: who announced itself and was seen lately. */
import type { WorkerId } from "../../ids.ts";
import type { WorkerRecord } from "../../records.ts";

export interface WorkerStore {
  announce(worker: Omit<WorkerRecord, "startedAt" | "lastSeenAt" | "live" | "running" | "doing" | "recent">): Promise<void>;
  /** False when the worker is not known (it must announce itself again). */
  seen(id: WorkerId): Promise<boolean>;
  leave(id: WorkerId): Promise<void>;
  /** A worker is live when seen in the last 30 s. */
  list(): Promise<readonly WorkerRecord[]>;
}
