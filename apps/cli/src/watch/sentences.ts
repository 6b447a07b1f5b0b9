/** What is said of decisions and trials, on a terminal and in a pipe alike. */
import type { DecisionView, TrialView } from "@rightsize/contract";
import { capacityText } from "@rightsize/core";
import { z } from "zod";
import { counted, groupedNumber, scoreTexts } from "../render/numbers.ts";
import { shownScore } from "../render/trial-table.ts";
import type { Picture } from "./follow.ts";
import { progressScale, progressText } from "./run-progress.ts";

const capacity = z.object({ hiddenLayers: z.number(), nodesPerLayer: z.number() });
const decisionSchema = z.discriminatedUnion("action", [
  z.object({ action: z.literal("START_TRIAL"), capacity }),
  z.object({ action: z.literal("ADD_RUNS"), trial: z.number(), runs: z.array(z.unknown()) }),
  z.object({ action: z.literal("CHANGE_RECIPE"), trial: z.number() }),
  z.object({ action: z.literal("FINISH"), winner: z.number().nullable() }),
]);

/** For example `Decision 2: train 1×250. It is wider than …`. */
export function decisionSentence(view: DecisionView, picture: Picture): string {
  return `Decision ${view.sequence}: ${actionWords(view, picture)}. ${view.reason}`;
}

function actionWords(view: DecisionView, picture: Picture): string {
  const parsed = decisionSchema.safeParse(view.decision);
  if (!parsed.success) return view.action.toLowerCase().replaceAll("_", " ");
  const decision = parsed.data;
  const size = (number: number) => {
    const trial = picture.table.trials.find((candidate) => candidate.number === number);
    return trial === undefined ? `trial ${number}` : capacityText(trial);
  };
  switch (decision.action) {
    case "START_TRIAL":
      return `train ${capacityText(decision.capacity)}`;
    case "ADD_RUNS":
      return `train ${size(decision.trial)} ${counted(decision.runs.length, "more time")}`;
    case "CHANGE_RECIPE":
      return `train ${size(decision.trial)} again with another recipe`;
    case "FINISH":
      return decision.winner === null ? "stop without an answer" : `done, the answer is ${size(decision.winner)}`;
    default:
      return decision satisfies never;
  }
}

/** For example `Trial 2, 1×250 (2 501 parameters): mean squared error 4.8 after 120 epochs`. */
export function trialSentence(trial: TrialView, picture: Picture): string {
  const name = `Trial ${trial.number}, ${capacityText(trial)} (${groupedNumber(trial.parameterCount)} parameters)`;
  const index = picture.table.trials.findIndex((candidate) => candidate.id === trial.id);
  const score = scoreTexts(picture.table.trials.map(shownScore))[index];
  if (score == null) return `${name}: ${trial.state === "COMPLETED" ? "diverged, no score" : trial.state.toLowerCase()}`;
  const epochs = trial.runs.filter((run) => run.state === "COMPLETED").map((run) => run.epochs);
  const trained = epochs.length === 0 ? "" : ` after ${epochs.join(", ")} epochs`;
  return `${name}: ${picture.table.metric.toLowerCase()} ${score}${trained}`;
}

/** For each run that trains: `training 1×250: epoch 57 of at most 400, score 8.21 (best 8.10), 0.3 s to 5 s left`. */
export function progressSentences(picture: Picture): readonly string[] {
  const scale = progressScale(picture.experiment);
  return [...picture.progress.values()].map((progress) => {
    const trial = picture.table.trials.find(({ id }) => id === progress.trialId);
    return `${trial === undefined ? "training ahead of its decision" : `training ${capacityText(trial)}`}: ${progressText(progress, scale)}`;
  });
}
