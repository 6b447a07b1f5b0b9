/** A job as it lies on the queue: only ids and numbers, under an id made of the assignment and its dispatch. */
import { type AssignmentId, type QueueJob, RightsizeError } from "@rightsize/core";

/** BullMQ refuses job ids that are integers or hold a colon, and gives jobs without a priority precedence over all others. */
export function jobIdOf(job: QueueJob): string {
  if (job.assignmentId === "" || job.assignmentId.includes(":")) {
    throw new RightsizeError("internal", `An assignment's id may not be empty or hold a colon, received "${job.assignmentId}".`);
  }
  return `${job.assignmentId}-d${job.dispatch}`;
}

/** Most urgent first; of equal priority, in the order given. */
export function byUrgency(jobs: readonly QueueJob[]): readonly QueueJob[] {
  return [...jobs].sort((a, b) => a.priority - b.priority);
}

const highestPriorityNumber = 2_000_000;
/** Priority 0 means "before all others" to BullMQ and more than 2^21 is refused: 1 to 2,000,000 it is. */
export function clampPriority(priority: number): number {
  return Math.min(highestPriorityNumber, Math.max(1, Math.round(priority)));
}

/** Reads a message back; null when it isn't one of ours (somebody else's job, or an older version's). */
export function parseMessage(data: unknown): QueueJob | null {
  if (typeof data !== "object" || data === null) return null;
  const { assignmentId, dispatch, priority } = data as Record<string, unknown>;
  if (typeof assignmentId !== "string" || typeof dispatch !== "number" || typeof priority !== "number") return null;
  return { assignmentId: assignmentId as AssignmentId, dispatch, priority };
}
