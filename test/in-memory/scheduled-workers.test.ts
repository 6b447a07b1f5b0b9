/**
 * Real workers, several at once, whose every question to the store and every answer is put in order by a scheduler: workers die, sleep past
 * their leases and wake up, questions, answers and messages are lost, messages come twice, the clock jumps. The fault-free run is the oracle.
 * A failing seed, with its schedule, is printed and reproduces. `npm run test:interleavings` tries many more.
 */
import { canonicalText } from "@rightsize/core";
import { decideWithinLimits, policyContext, policyHistory, textHash } from "@rightsize/orchestrator";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { courseScores, exampleSpec } from "../support/examples.ts";
import { type Chaos, mishaps, runScheduled, type ScheduledOutcome } from "../support/scheduled-service.ts";

const numRuns = Number(process.env.RIGHTSIZE_INTERLEAVINGS ?? 30);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/** Three epochs a run, so that there are checkpoints to go on from. */
const spec = exampleSpec({
  engine: {
    name: "scripted",
    script: { runs: courseScores.map((run) => ({ ...run, epochs: 3 })), otherwise: { score: 9, epochs: 3, epochMs: 0 } },
  },
});
const chaos: fc.Arbitrary<Chaos> = fc.record({
  mishaps: fc.array(fc.record({ at: fc.nat(150), kind: fc.constantFrom(...mishaps) }), { maxLength: 25, size: "max" }),
  // Mostly on, sometimes a leap past every lease, sometimes back.
  ticks: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 100, max: 2000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 8000, max: 30_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: -3000, max: -1 }) },
    ),
    { minLength: 1, maxLength: 20 },
  ),
});

/** One after the other, without a mishap. */
const calm: Chaos = { mishaps: [], ticks: [100] };
const golden = () => runScheduled(spec, fc.schedulerFor(Array.from({ length: 50_000 }, (_, place) => place + 1)), calm);

function brokenPromises({ snapshot }: ScheduledOutcome): readonly string[] {
  const { experiment, decisions } = snapshot;
  const history = policyHistory(snapshot);
  return decisions.flatMap(({ sequence, hash }, index) => {
    const before = history.slice(0, index);
    const again = canonicalText(decideWithinLimits(policyContext(experiment.spec, experiment.plan), experiment.spec.limits, before));
    return sequence === index + 1 && textHash(again) === hash
      ? []
      : [`decision ${sequence} at place ${index + 1} is another one when replayed`];
  });
}

test("however several workers' questions and answers cross, with any mishaps, the outcome is the fault-free one", async () => {
  const expected = (await golden()).outcome;
  expect(expected[0]).toBe("SUCCEEDED");
  const seen = { died: 0, slept: 0, staleWrites: 0, wasted: 0 };
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), chaos, async (scheduler, given) => {
      const ended = await runScheduled(spec, scheduler, given);
      expect(brokenPromises(ended)).toEqual([]);
      expect(ended.acceptedStale).toEqual([]);
      expect(ended.outcome).toEqual(expected);
      seen.died += ended.died;
      seen.slept += ended.slept;
      seen.staleWrites += ended.staleWrites;
      seen.wasted += ended.attempts - 6;
    }),
    { numRuns },
  );
  // The mishaps do happen, or this test would say nothing.
  expect(Math.min(seen.died, seen.slept, seen.wasted)).toBeGreaterThan(numRuns / 10);
  if (numRuns > 100) expect(seen.staleWrites).toBeGreaterThan(0);
}, 3_600_000);
