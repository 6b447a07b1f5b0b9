/** The outbox: dispatches that were written with a decision, relayed to the queue at least once. */
import type { AssignmentId } from "../../ids.ts";

export interface OutboxItem {
  readonly assignmentId: AssignmentId;
  /** Attempts so far: job ids must differ between dispatches. */
  readonly dispatch: number;
  readonly priority: number;
}
export interface OutboxStore {
  /** Takes up to `limit` rows (SKIP LOCKED), publishes them, then deletes them: at least once. Returns how many. A publish that throws leaves them. */
  relay(limit: number, publish: (items: readonly OutboxItem[]) => Promise<void>): Promise<number>;
}
