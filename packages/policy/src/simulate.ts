/** Runs a search against an outcome function instead of training: for tests, benches, replays and estimates. */
import type { Capacity, History, HistoryEntry, PolicyContext, Recipe, RunOutcome, RunRequest } from "@rightsize/core";
import { RightsizeError, recipeOfRun } from "@rightsize/core";
import { decide } from "./decide.ts";
import { readTrials } from "./trials.ts";

/** What an outcome function is told beside the request. */
export interface SimulatedTrial {
  readonly number: number;
  readonly capacity: Capacity;
  /** The experiment's recipe with this trial's changes, as this run is trained under it. */
  readonly recipe: Recipe;
}
/** How a run would end. It should depend on its arguments alone, or the search is not repeatable. */
export type OutcomesOf = (request: RunRequest, trial: SimulatedTrial) => RunOutcome;

/** How long a simulated search may go on. */
export interface SimulateOptions {
  /** Trials after which the limit is recorded, as the orchestrator does; null for none. */
  readonly maxTrials?: number | null;
  /** Decisions after which the rule counts as endless (throws `internal`), 10,000 unless told. */
  readonly maxDecisions?: number;
}

/** The whole history of a search, FINISH included. */
export function simulate(context: PolicyContext, outcomesOf: OutcomesOf, options: SimulateOptions = {}): History {
  const { maxTrials = null, maxDecisions = 10_000 } = options;
  const history: HistoryEntry[] = [];
  for (let count = 0; count < maxDecisions; count++) {
    let decision = decide(context, history);
    if (decision.action === "START_TRIAL" && maxTrials !== null && readTrials(history).length >= maxTrials && history.length > 0) {
      history.push({ ...(history.pop() as HistoryEntry), limit: { kind: "trials", limit: maxTrials } });
      decision = decide(context, history);
    }
    if (decision.action === "FINISH") return [...history, { decision, outcomes: [], limit: null }];
    const trials = readTrials([...history, { decision, outcomes: [], limit: null }]);
    const number = decision.action === "START_TRIAL" ? trials.length : decision.trial;
    const trial = trials[number - 1];
    if (trial === undefined) throw new RightsizeError("internal", `a decision speaks of trial ${number}, which was never started`);
    const { capacity, change } = trial;
    const outcomes = decision.runs.map((run) =>
      outcomesOf(run, { number, capacity, recipe: recipeOfRun({ ...context.recipe, ...change }, run) }),
    );
    history.push({ decision, outcomes, limit: null });
  }
  throw new RightsizeError("internal", `the search did not end within ${maxDecisions} decisions`);
}
