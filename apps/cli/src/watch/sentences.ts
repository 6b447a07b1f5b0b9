/** What is said of decisions and trials, on a terminal and in a pipe alike. */
import type { DecisionView, TrialView } from "@rightsize/contract";
import { type Capacity, capacityText, trialRemark } from "@rightsize/core";
import { z } from "zod";
import { groupedNumber, scoreTexts } from "../render/numbers.ts";
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

/** For example `Decision 2: train 1×250. It is wider than …`; the reason for the end names the answer itself. */
export function decisionSentence(view: DecisionView, picture: Picture): string {
  const words = actionWords(view, picture);
  return `Decision ${view.sequence}: ${words === "" ? "" : `${words}. `}${view.reason}`;
}

function actionWords(view: DecisionView, picture: Picture): string {
  const parsed = decisionSchema.safeParse(view.decision);
  if (!parsed.success) return view.action.toLowerCase().replaceAll("_", " ");
  const decision = parsed.data;
  const size = (number: number) => {
    const trial = picture.table.trials.find((candidate) => candidate.number === number);
    return trial === undefined ? `trial ${number}` : sizeName(trial);
  };
  switch (decision.action) {
    case "START_TRIAL":
      return `train ${sizeName(decision.capacity)}`;
    case "ADD_RUNS":
      return `train ${size(decision.trial)} ${decision.runs.length === 1 ? "once more" : `${decision.runs.length} more times`}`;
    case "CHANGE_RECIPE":
      return `train ${size(decision.trial)} again with another recipe`;
    case "FINISH":
      return decision.winner === null ? "stop without an answer" : "";
    default:
      return decision satisfies never;
  }
}

function sizeName(capacity: Capacity): string {
  return capacity.hiddenLayers === 0 ? "the linear model" : capacityText(capacity);
}

/** For example `Trial 2, 1×250 (2 501 parameters): mean squared error 4.8 after 120 epochs`. */
export function trialSentence(trial: TrialView, picture: Picture): string {
  const name = `Trial ${trial.number}, ${capacityText(trial)} (${groupedNumber(trial.parameterCount)} parameters)`;
  const index = picture.table.trials.findIndex((candidate) => candidate.id === trial.id);
  const score = scoreTexts(picture.table.trials.map(shownScore))[index];
  if (score == null) return `${name}: ${trial.state === "COMPLETED" ? "diverged, no score" : trialRemark(trial)}`;
  const epochs = trial.runs.filter((run) => run.state === "COMPLETED" && run.maxEpochs === undefined).map((run) => run.epochs);
  const trained = epochs.length === 0 ? "" : ` after ${epochs.map(groupedNumber).join(" and ")} epochs`;
  return `${name}: ${picture.table.metric.toLowerCase()} ${score}${trained}`;
}

/** For each run that trains: `training 1×250: epoch 57 of at most 400, score 8.21 (best 8.10), 0.3 s to 5 s left`. */
export function progressSentences(picture: Picture): readonly string[] {
  return [...picture.progress.values()].map((progress) => {
    const trial = picture.table.trials.find(({ id }) => id === progress.trialId);
    const cut = trial?.runs.find(({ id }) => id === progress.runId)?.maxEpochs;
    const changes = trial === undefined ? [] : recipeChanges(picture, trial.number);
    const scale = progressScale(picture.experiment, cut === undefined ? changes : [...changes, { maxEpochs: cut }]);
    return `${trial === undefined ? "training ahead of its decision" : `training ${sizeName(trial)}`}: ${progressText(progress, scale)}`;
  });
}

const changeSchema = z.object({
  action: z.literal("CHANGE_RECIPE"),
  trial: z.number(),
  change: z.object({ maxEpochs: z.number().optional(), patience: z.number().optional() }),
});

/** What decisions changed in a trial's recipe, oldest first. */
function recipeChanges(picture: Picture, trial: number): readonly z.infer<typeof changeSchema>["change"][] {
  return picture.decisions.flatMap(({ decision }) => {
    const parsed = changeSchema.safeParse(decision);
    return parsed.success && parsed.data.trial === trial ? [parsed.data.change] : [];
  });
}
