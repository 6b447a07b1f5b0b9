/** Trains what is queued on a test API, with a scripted trainer, until an experiment ends. */
import { type ExperimentId, randomIds, type WorkerId } from "@rightsize/core";
import { carryOut, relayOutbox } from "@rightsize/orchestrator";
import { createScriptedTrainer } from "../../../test/support/scripted-trainer.ts";
import type { TestApi } from "./support.ts";

export async function playToTheEnd(api: TestApi, id: string): Promise<void> {
  const { store, queue } = api;
  const trainer = createScriptedTrainer();
  const deps = { store, queue, ids: randomIds, workerId: "wrk_test" as WorkerId, log: () => {}, timing: { epochBatchMs: 0, retryMs: 1 } };
  const consumer = await queue.consume(
    async ({ assignmentId }) => void (await carryOut(deps, trainer, assignmentId, new AbortController().signal)),
    {
      concurrency: 1,
    },
  );
  try {
    for (let round = 0; round < 5000; round++) {
      await relayOutbox({ store, queue });
      const experiment = await store.experiments.find(null, id as ExperimentId);
      if (experiment?.endedAt) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error(`experiment ${id} did not end`);
  } finally {
    await consumer.close();
  }
}

/** The course's question with its five scores, as members of an experiment request. */
export const course = { search: { preset: "course" }, engine: courseEngine() };

function courseEngine() {
  const scores = [
    [1, 100, 5.4],
    [1, 250, 4.8],
    [2, 250, 4.4],
    [3, 250, 4.5],
    [3, 200, 4.3],
  ];
  const runs = scores.map(([hiddenLayers, nodesPerLayer, score]) => ({ capacity: { hiddenLayers, nodesPerLayer }, score }));
  return { name: "scripted", script: { runs, otherwise: { score: 6, epochs: 2, epochMs: 0 } } };
}
