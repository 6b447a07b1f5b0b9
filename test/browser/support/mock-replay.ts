/** The stand-in's "what if": less patience leaves the table as it was, other rules end after three rows and need a run that nobody trained. */
import { type ReplayView, replayRequestSchema, replayViewSchema } from "@rightsize/contract";
import type { Stage } from "./stage.ts";

export function replayView(stage: Stage, body: unknown): ReplayView {
  const { search } = replayRequestSchema.parse(body);
  const rows = stage.trials.map(({ number, hiddenLayers, nodesPerLayer, score, nextStep, winner }) => ({
    number,
    hiddenLayers,
    nodesPerLayer,
    score,
    nextStep,
    winner,
  }));
  const trials =
    search === undefined
      ? rows
      : rows.slice(0, 3).map((row, index) => ({ ...row, winner: false, nextStep: index === 2 ? null : row.nextStep }));
  return replayViewSchema.parse({
    experimentId: stage.experiment.id,
    same: search === undefined,
    trials,
    decisions: stage.decisions.map(({ action, reason }) => ({ action, reason })),
    missing:
      search === undefined
        ? null
        : {
            capacity: "2×400",
            runs: 1,
            sentence: "From here the search needs 1 run of 2×400 that nobody trained: a wider network is next.",
          },
  });
}
