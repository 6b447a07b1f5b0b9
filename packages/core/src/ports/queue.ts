/** The queue: a wake-up for workers, never the truth. Jobs may be lost, doubled, late or out of order; claims decide. */
import type { AssignmentId } from "../ids.ts";

export interface QueueJob {
  readonly assignmentId: AssignmentId;
  /** Counts the assignment's dispatches; the job's id is made of both. */
  readonly dispatch: number;
  /** 1 is most urgent, up to 2,000,000. */
  readonly priority: number;
}

export interface QueueConsumer {
  /** Waits for the handlers under way (up to `deadlineMs`), takes no new job. */
  close(deadlineMs?: number): Promise<void>;
}

export interface Queue {
  /** Publishing the same job again while it waits or runs is silent; after it ended it runs again. */
  publish(jobs: readonly QueueJob[]): Promise<void>;
  /** Calls the handler for each job, most urgent first, at most `concurrency` at once. A handler that throws ends the job all the same. */
  consume(handler: (job: QueueJob) => Promise<void>, options: { readonly concurrency: number }): Promise<QueueConsumer>;
  /** Jobs waiting and being handled. */
  depth(): Promise<{ readonly waiting: number; readonly active: number }>;
  /** Throws `unavailable` when the queue can't be reached. */
  check(): Promise<void>;
  close(): Promise<void>;
}
