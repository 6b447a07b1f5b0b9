/** Thousands of interleavings of claims, crashes, doubled, lost and late messages, clocks and decisions: however it came about, the outcome is the fault-free one. */
import { type Claim, canonicalText, type ExperimentSpec, isTerminal, sameCapacity } from "@rightsize/core";
import { decideWithinLimits, policyContext, policyHistory, textHash } from "@rightsize/orchestrator";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CrookedService, type Step, startCrookedService, stepKinds } from "../support/crooked-service.ts";
import { courseScores, exampleSpec } from "../support/examples.ts";

const courseScore = (claim: Claim) => courseScores.find(({ capacity }) => sameCapacity(capacity, claim.trial.capacity))?.score ?? 9;
/** A bowl over depth and width with a little noise of the seed: the default search has something to look for. */
const bowl = (claim: Claim, index: number) => {
  const { hiddenLayers, nodesPerLayer } = claim.trial.capacity;
  const noise = (((claim.runs[index]?.seed ?? 0) * 7919) % 101) / 20_000;
  return 0.3 + 0.05 * (hiddenLayers - 2) ** 2 + 0.04 * Math.log2((nodesPerLayer + 1) / 64) ** 2 + noise;
};

/** Work and deliveries come more often than faults, so that experiments get somewhere. */
const weights: Partial<Record<Step["kind"], number>> = {
  work: 30,
  deliver: 10,
  relay: 6,
  reconcile: 6,
  "time passes": 6,
  pause: 1,
  resume: 4,
  // speculation.test.ts is about these.
  "idle workers speculate": 0,
  "a speculative run is put off": 0,
};
const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(...stepKinds.map((kind) => ({ weight: weights[kind] ?? 3, arbitrary: fc.constant(kind) }))),
  pick: fc.nat(1_000_000),
});

async function fault(spec: ExperimentSpec, score: typeof bowl, steps: readonly Step[], crashLimit?: number): Promise<CrookedService> {
  const service = await startCrookedService(spec, score, crashLimit);
  for (const step of steps) await service.step(step);
  await service.finish();
  return service;
}

async function expectPromises(service: CrookedService): Promise<void> {
  const snapshot = await service.snapshot();
  const { experiment, decisions, runs } = snapshot;
  expect(decisions.map(({ sequence }) => sequence)).toEqual(decisions.map((_, index) => index + 1));
  expect(runs.filter((run) => !isTerminal("run", run.state) || (run.result === null && run.state !== "CANCELLED"))).toEqual([]);
  expect(service.acceptedStale).toEqual([]);
  if (experiment.state !== "SUCCEEDED") return;
  const history = policyHistory(snapshot);
  decisions.forEach((stored, index) => {
    const again = canonicalText(
      decideWithinLimits(policyContext(experiment.spec, experiment.plan), experiment.spec.limits, history.slice(0, index)),
    );
    expect(textHash(again)).toBe(stored.hash);
  });
}

for (const [name, spec, score, numRuns, maxLength] of [
  ["the course's search", exampleSpec(), courseScore, 1000, 150],
  ["the default search", exampleSpec({ search: { preset: "default", parameters: {} } }), bowl, 20, 400],
] as const) {
  test(`${name} gives the same table, decisions, results and curves through any faults`, async () => {
    const golden = await (await fault(spec, score, [])).outcome();
    expect(golden[0]).toBe("SUCCEEDED");
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength, size: "max" }), async (steps) => {
        const service = await fault(spec, score, steps);
        await expectPromises(service);
        expect(await service.outcome()).toEqual(golden);
      }),
      { numRuns },
    );
  });
}

test("with a limit on crashes an experiment ends as the fault-free one does, or FAILED with the reason, and never hangs", async () => {
  const golden = await (await fault(exampleSpec(), courseScore, [])).outcome();
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 150, size: "max" }), async (steps) => {
      const service = await fault(exampleSpec(), courseScore, steps, 2);
      await expectPromises(service);
      const { experiment } = await service.snapshot();
      ends.add(experiment.state);
      if (experiment.state === "FAILED") expect(experiment.stateReason).toMatch(/limit 2/);
      else expect(await service.outcome()).toEqual(golden);
    }),
    { numRuns: 300 },
  );
  expect([...ends].sort()).toEqual(["FAILED", "SUCCEEDED"]);
});

test("the steps do reach what they are for: writes of dead workers arrive and are refused", async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 100, maxLength: 150, size: "max" }), async (steps) => {
      refused += await (await fault(exampleSpec(), courseScore, steps)).staleWrites();
    }),
    // A count over random steps varies from seed to seed; a fixed one says the same at every run.
    { numRuns: 50, seed: 20_261_122 },
  );
  expect(refused).toBeGreaterThan(50);
});
