/** What lies on the queue for a job. */
import type { AssignmentId } from "@rightsize/core";
import { expect, test } from "vitest";
import { clampPriority, jobIdOf, parseMessage } from "../src/job-message.ts";

const assignmentId = "asg_5f0c" as AssignmentId;

test("a job's id names its assignment and its dispatch, and is neither an integer nor holds a colon", () => {
  expect(jobIdOf({ assignmentId, dispatch: 3, priority: 1 })).toBe("asg_5f0c-d3");
  expect(jobIdOf({ assignmentId: "12" as AssignmentId, dispatch: 3, priority: 1 })).not.toMatch(/^\d+$|:/);
  expect(() => jobIdOf({ assignmentId: "a:b" as AssignmentId, dispatch: 3, priority: 1 })).toThrow(/colon/);
});

test("a priority is always one that BullMQ orders: 0 would run before all others", () => {
  expect([0, 1, 1_000, 5_000_000].map(clampPriority)).toEqual([1, 1, 1_000, 2_000_000]);
});

test("a message that isn't ours is recognised", () => {
  expect(parseMessage({ assignmentId, dispatch: 1, priority: 2 })).toEqual({ assignmentId, dispatch: 1, priority: 2 });
  for (const stranger of [null, "text", {}, { assignmentId }, { assignmentId, dispatch: "1", priority: 2 }])
    expect(parseMessage(stranger)).toBeNull();
});
