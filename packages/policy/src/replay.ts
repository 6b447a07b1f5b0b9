/** "What if": tells a search again from the results of an earlier one, without training, and says where a result is missing. */
import {
  type Capacity,
  canonicalText,
  capacityText,
  type Decision,
  type Finish,
  type History,
  type HistoryEntry,
  type PolicyContext,
  type RecipeChange,
  RightsizeError,
  type RunOutcome,
  type RunRequest,
} from "@rightsize/core";
import { decide } from "./decide.ts";
import { applyEntry, readTrials, type TrialView } from "./trials.ts";

/** How far recorded results carry a search. */
export interface Replay {
  /** The decisions as far as the recorded results carry; complete (FINISH at its end) when `missing` is null. */
  readonly history: History;
  /** What the search would need next and nobody trained: a capacity, its changes of recipe, and those of its runs that are missing. */
  readonly missing: {
    readonly decision: Exclude<Decision, Finish>;
    readonly capacity: Capacity;
    readonly change: RecipeChange;
    readonly runs: readonly RunRequest[];
  } | null;
}

/**
 * Folds `decide` under a context (the same one, or one with another preset, other parameters or another seed) and answers each
 * request from the recorded histories: the same capacity under the same changes of recipe, seed, fold, learning rate and cut. The
 * recipe itself must be the recorded one. A purpose makes no difference to a result.
 */
export function replay(context: PolicyContext, recorded: readonly History[]): Replay {
  const results = recordedResults(recorded);
  const history: HistoryEntry[] = [];
  let trials: readonly TrialView[] = [];
  for (let count = 0; count < 10_000; count++) {
    const decision = decide(context, history);
    if (decision.action === "FINISH") return { history: [...history, { decision, outcomes: [], limit: null }], missing: null };
    const place = placeOf(decision, trials);
    const found = decision.runs.map((run) => results.get(keyOf(place.capacity, place.change, run)));
    const runs = decision.runs.filter((_, index) => found[index] === undefined);
    if (runs.length > 0) return { history, missing: { decision, ...place, runs } };
    const outcomes = decision.runs.map((run, index) => ({ ...(found[index] as RunOutcome), ...run }));
    const entry = { decision, outcomes, limit: null };
    trials = applyEntry(trials, entry, history.length);
    history.push(entry);
  }
  throw new RightsizeError("internal", "the search did not end within 10000 decisions");
}

/** The capacity that a decision trains and the changes of recipe it trains it under. */
export function placeOf(
  decision: Exclude<Decision, Finish>,
  trials: readonly TrialView[],
): { readonly capacity: Capacity; readonly change: RecipeChange } {
  if (decision.action === "START_TRIAL") return { capacity: decision.capacity, change: {} };
  const trial = trials[decision.trial - 1];
  if (trial === undefined) throw new RangeError(`trial ${decision.trial} was never started`);
  return { capacity: trial.capacity, change: decision.action === "CHANGE_RECIPE" ? { ...trial.change, ...decision.change } : trial.change };
}

function recordedResults(recorded: readonly History[]): ReadonlyMap<string, RunOutcome> {
  const results = new Map<string, RunOutcome>();
  for (const history of recorded)
    history.forEach(({ decision, outcomes }, index) => {
      if (decision.action === "FINISH") return;
      const { capacity, change } = placeOf(decision, readTrials(history.slice(0, index)));
      // What a limit stopped has no result.
      for (const outcome of outcomes) if (outcome.status !== "STOPPED") results.set(keyOf(capacity, change, outcome), outcome);
    });
  return results;
}

function keyOf(capacity: Capacity, change: RecipeChange, { seed, fold, learningRate, maxEpochs }: RunRequest): string {
  return `${capacityText(capacity)} ${canonicalText(change)} ${seed} ${fold} ${learningRate} ${maxEpochs ?? "whole"}`;
}
