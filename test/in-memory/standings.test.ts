/** Which runs a trial's score is the mean of, at every moment of an experiment: while more runs of it train, after a changed recipe, of a sweep. */
import type { ExperimentSnapshot, Store, StoredDecision } from "@rightsize/core";
import { standings } from "@rightsize/orchestrator";
import { afterEach, expect, test } from "vitest";
import { exampleSpec } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";

let service: InMemoryService;
afterEach(() => service.close());

/** Plays an experiment; gives what was known at every step, when each run had been taken up, and at the end. */
async function snapshotsOf(spec: ReturnType<typeof exampleSpec>): Promise<readonly ExperimentSnapshot[]> {
  const seen: ExperimentSnapshot[] = [];
  const see = (snapshot: ExperimentSnapshot | null) => {
    if (snapshot !== null) seen.push(structuredClone(snapshot));
  };
  const workersLine = (store: Store): Store => ({
    ...store,
    experiments: {
      ...store.experiments,
      advance: (id, plan) =>
        store.experiments.advance(id, (snapshot) => {
          see(snapshot);
          return plan(snapshot);
        }),
    },
    work: {
      ...store.work,
      claim: async (ask) => {
        const claim = await store.work.claim(ask);
        if (!("refused" in claim)) see(await store.experiments.snapshot(claim.experiment.id));
        return claim;
      },
    },
  });
  service = await startInMemoryService({ workers: 2, workersLine });
  const { id } = await service.start(spec);
  await service.finish(id);
  see(await service.store.experiments.snapshot(id));
  return seen;
}

/** Losses of the runs that stand for each trial's score, by trial number. */
function lossesByTrial(snapshot: ExperimentSnapshot): ReadonlyMap<number, readonly number[]> {
  const standing = standings(snapshot);
  return new Map(
    snapshot.trials.map((trial) => [
      trial.number ?? 0,
      snapshot.runs
        .filter((run) => run.trialId === trial.id && standing.get(run.id) === "score")
        .map((run) => run.result?.validationLoss ?? Number.NaN),
    ]),
  );
}

const geometricMean = (losses: readonly number[]) => Math.exp(losses.reduce((sum, loss) => sum + Math.log(loss), 0) / losses.length);

test("at every moment a trial's score is the mean of the runs that stand for it, and one without a score has none", async () => {
  // All sizes are about alike, so that several fits of each are wanted.
  const sizes = [0, 1, 2, 3].flatMap((hiddenLayers) =>
    [0, 4, 8, 16, 32, 64, 128, 256].map((nodesPerLayer) => ({ hiddenLayers, nodesPerLayer })),
  );
  const runs = sizes.flatMap((capacity, size) =>
    Array.from({ length: 10 }, (_, seed) => ({ capacity, seed, score: 0.5 + 0.01 * ((7 * size + 5 * seed) % 11) })),
  );
  const engine = { name: "scripted" as const, script: { runs, otherwise: { score: 1, epochs: 2, epochMs: 0 } } };
  const parameters = { ceiling: { hiddenLayers: 3, nodesPerLayer: 256 }, explore: { fits: 8 } };
  const snapshots = await snapshotsOf(exampleSpec({ search: { preset: "default", parameters }, engine }));
  for (const snapshot of snapshots) {
    const losses = lossesByTrial(snapshot);
    for (const { number, score } of snapshot.trials) {
      const standing = losses.get(number ?? 0) ?? [];
      if (score === null) expect(standing).toEqual([]);
      else expect(geometricMean(standing)).toBeCloseTo(score, 12);
    }
  }
  const last = snapshots.at(-1) as ExperimentSnapshot;
  expect(new Set(standings(last).values())).toEqual(new Set(["score", "finals"]));
  // Some were looked at while more runs of a trial with a score were under way.
  expect(
    snapshots.some(({ trials, runs }) =>
      runs.some((run) => run.state === "RUNNING" && trials.some(({ id, score }) => id === run.trialId && score !== null)),
    ),
  ).toBe(true);
});

test("of a sweep the runs of one learning rate stand", async () => {
  const { recipe } = exampleSpec();
  const sweep = exampleSpec({ recipe: { ...recipe, learningRate: { kind: "sweep", values: [0.1, 0.01, 0.001] } } });
  const last = (await snapshotsOf(sweep)).at(-1) as ExperimentSnapshot;
  expect(last.runs.filter(({ purpose }) => purpose === "fit")).toHaveLength(15);
  expect([...lossesByTrial(last).values()].map((losses) => losses.length)).toEqual([1, 1, 1, 1, 1]);
});

test("under a changed recipe the earlier runs stand until the later ones have given a score", async () => {
  const last = (await snapshotsOf(exampleSpec())).at(-1) as ExperimentSnapshot;
  // The second decision as if it had changed the first trial's recipe.
  const [first, second] = last.decisions as readonly [StoredDecision, StoredDecision];
  const [before, after] = last.runs as readonly [ExperimentSnapshot["runs"][number], ExperimentSnapshot["runs"][number]];
  const { runs, reason, evidence } = second.decision as Extract<StoredDecision["decision"], { action: "START_TRIAL" }>;
  const changed: StoredDecision = {
    ...second,
    decision: { action: "CHANGE_RECIPE", trial: 1, change: { maxEpochs: 40 }, runs, reason, evidence },
  };
  const finish = last.decisions.at(-1) as StoredDecision;
  const underWay = { ...last, decisions: [first, changed], runs: [before, { ...after, state: "RUNNING" as const, result: null }] };
  expect([...standings(underWay)]).toEqual([[before.id, "score"]]);
  const ended = { ...last, decisions: [first, changed, finish], runs: [before, after] };
  expect([...standings(ended)]).toEqual([[after.id, "score"]]);
});
