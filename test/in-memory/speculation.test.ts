/** Speculation changes when things are trained and nothing else: table, decisions, results, curves and weights are those without it. */
import type { Claim } from "@rightsize/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CrookedService, type Step, startCrookedService, stepKinds } from "../support/crooked-service.ts";
import { anyQuestion, lossAt, type Question, specOf } from "../support/landscapes.ts";
import { playOnSlots } from "../support/slotted-service.ts";

const weights: Partial<Record<Step["kind"], number>> = {
  work: 40,
  deliver: 10,
  relay: 6,
  reconcile: 4,
  "time passes": 2,
  pause: 1,
  resume: 4,
  "idle workers speculate": 12,
  "a speculative run is put off": 3,
};
const anySteps = fc.array(
  fc.record({
    kind: fc.oneof(...stepKinds.map((kind) => ({ weight: weights[kind] ?? 1, arbitrary: fc.constant(kind) }))),
    pick: fc.nat(1_000_000),
  }),
  { maxLength: 200, size: "max" },
);

async function play(question: Question, steps: readonly Step[]): Promise<CrookedService> {
  const score = (claim: Claim, index: number) => lossAt(question, claim.trial.capacity, claim.runs[index] ?? { seed: 0, learningRate: 0 });
  const service = await startCrookedService(specOf(question), score);
  for (const step of steps) await service.step(step);
  await service.finish();
  return service;
}

test("through any faults, whatever idle workers begin, put off, lose or crash on, the outcome is the one without", async () => {
  await fc.assert(
    fc.asyncProperty(anyQuestion, anySteps, async (question, steps) => {
      const service = await play(question, steps);
      expect(await service.outcome()).toEqual(await (await play(question, [])).outcome());
      expect(service.acceptedStale).toEqual([]);
      expect(await service.untold()).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("the steps do reach what they are for: runs are adopted waiting, under way and ended, and others are not", async () => {
  let adopted = 0;
  let unused = 0;
  await fc.assert(
    fc.asyncProperty(anyQuestion, anySteps, async (question, steps) => {
      const use = await (await play(question, steps)).speculationUse();
      adopted += use.adoptedRuns;
      unused += use.unusedRuns;
    }),
    { numRuns: 15, seed: 20_261_122 },
  );
  expect(adopted).toBeGreaterThan(10);
  expect(unused).toBeGreaterThan(10);
});

test("on 1, 2 or 8 workers, on or off, whatever ends first or fails: the same experiment", async () => {
  let adopted = 0;
  await fc.assert(
    fc.asyncProperty(
      anyQuestion,
      fc.constantFrom(1, 2, 8),
      fc.constantFrom(1, 2),
      fc.boolean(),
      fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 30 }),
      fc.scheduler(),
      async (question, workers, slots, speculation, dice, scheduler) => {
        const golden = await playOnSlots(question, { workers: 1, slots: 1, speculation: false, crashAt: () => false, scheduler: null });
        // A crash now and then; none of them is the run's own fault, so none is the last one.
        const crashAt = (training: number) => dice[training % Math.max(1, dice.length)] === 0 && training % 3 === 0;
        const played = await playOnSlots(question, { workers, slots, speculation, crashAt, scheduler });
        expect(played.outcome).toEqual(golden.outcome);
        expect(played.strays).toEqual([]);
        adopted += played.use.adoptedRuns;
      },
    ),
    { numRuns: 30 },
  );
  expect(adopted).toBeGreaterThan(0);
});
