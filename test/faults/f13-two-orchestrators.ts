/** F13: two orchestrators look at one event at the same moment, again and again. Each event leads to one decision. */
import { type AssignmentId, type ExperimentId, localOwner, type RunResult, randomIds, type Sha256, type WorkerId } from "@rightsize/core";
import { advanceExperiment, createExperiment } from "@rightsize/orchestrator";
import { createPostgresStore } from "@rightsize/store";
import { courseScores, courseTable, exampleDataset, examplePlan, exampleSpec } from "../support/examples.ts";
import type { Fault } from "./fault.ts";
import { brokenInvariants } from "./invariants.ts";
import type { World } from "./world.ts";

/** Experiments of five decided events each: 200 of them make 1,000 events. */
const experiments = 200;

export const f13: Fault = {
  id: "F13",
  title: "two orchestrators on one event, 1,000 times",
  runs: 1,
  // Only the store decides; the queue has no part in it.
  queues: ["postgres"],
  async run(world) {
    await world.killApi();
    const stores = await Promise.all([0, 1].map(() => createPostgresStore({ url: world.databaseUrl, poolSize: 3 })));
    const [store, other] = stores as [(typeof stores)[0], (typeof stores)[0]];
    const broken: string[] = [];
    const ids: ExperimentId[] = [];
    try {
      await store.datasets.put(exampleDataset());
      for (let count = 0; count < experiments; count++) {
        const given = { owner: localOwner, spec: exampleSpec({ seed: count }), plan: examplePlan(), idempotency: null };
        const { experiment } = await createExperiment({ store, ids: randomIds }, given);
        ids.push(experiment.id);
        await playTo(world, experiment.id, store, async () => {
          const before = await decisionsOf(world, experiment.id);
          const written = await Promise.all([store, other].map((one) => advanceExperiment(one, randomIds, experiment.id)));
          const after = await decisionsOf(world, experiment.id);
          const winners = written.filter((assignments) => assignments.length > 0).length;
          if (after !== before + 1 || winners !== 1)
            broken.push(`one event led to ${after - before} decisions of ${winners} orchestrators`);
        });
      }
    } finally {
      for (const one of stores) await one.close();
      await world.startApi();
    }
    for (const id of ids.slice(-10)) broken.push(...(await brokenInvariants(world, id, null)));
    for (const id of ids) {
      const rows = await world.database.rows<{ row: string }>(
        `SELECT hidden_layers || '×' || nodes_per_layer || ' ' || score || ' ' || next_step AS row FROM trials WHERE experiment_id = $1 ORDER BY number`,
        [id],
      );
      if (JSON.stringify(rows.map(({ row }) => row)) !== JSON.stringify(courseTable))
        broken.push(`I4: another table: ${JSON.stringify(rows)}`);
    }
    return broken;
  },
};

const decisionsOf = (world: World, id: string) =>
  world.database.value<number>("SELECT count(*)::int FROM decisions WHERE experiment_id = $1", [id]);

/** Plays a worker without training: claims, writes the scripted result, ends the attempt, and lets `decided` race for what follows. */
async function playTo(
  world: World,
  id: ExperimentId,
  store: Awaited<ReturnType<typeof createPostgresStore>>,
  decided: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const [open] = await world.database.rows<{ id: AssignmentId }>(
      "SELECT id FROM assignments WHERE experiment_id = $1 AND state = 'QUEUED'",
      [id],
    );
    if (open === undefined) return;
    const request = {
      assignmentId: open.id,
      workerId: "wrk_faults" as WorkerId,
      leaseMs: 60_000,
      fingerprints: { scripted: "scripted-1" },
    };
    const claim = await store.work.claim(request);
    if ("refused" in claim) throw new Error(`the claim was refused: ${claim.refused}`);
    const finalises = claim.runs.some(({ purpose }) => purpose === "finalise");
    for (const run of claim.runs) {
      const { hiddenLayers, nodesPerLayer } = claim.trial.capacity;
      const scripted = courseScores.find(
        ({ capacity }) => capacity.hiddenLayers === hiddenLayers && capacity.nodesPerLayer === nodesPerLayer,
      );
      await store.work.completeRun(claim, run.id, { state: "COMPLETED", result: resultOf(scripted?.score ?? 9) });
    }
    await store.work.endAttempt(claim, "completed", null);
    if (!finalises) await decided();
    else await advanceExperiment(store, randomIds, id);
  }
}

function resultOf(score: number): RunResult {
  return {
    validationLoss: score,
    trainingLoss: score,
    metrics: { meanSquaredError: score },
    epochs: 0,
    bestEpoch: 0,
    capped: false,
    diagnostics: null,
    cost: 1,
    trainMs: 1,
    weightsArtifact: "f".repeat(64) as Sha256,
    reason: null,
  };
}
