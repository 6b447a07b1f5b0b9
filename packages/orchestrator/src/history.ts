/** From what the store keeps to what a policy may see: a pure translation that leaves out ids, clocks, durations and workers. */
import type {
  ExperimentPlan,
  ExperimentSnapshot,
  ExperimentSpec,
  History,
  HistoryEntry,
  PolicyContext,
  Run,
  RunId,
  RunOutcome,
  RunState,
  SpeculativeRun,
  StoredDecision,
} from "@rightsize/core";
import { isTerminal } from "@rightsize/core";
import { type CompletedRun, readTrials, standingRuns, summarise } from "@rightsize/policy";

/** What a policy knows of the question. */
export function policyContext(spec: ExperimentSpec, plan: ExperimentPlan): PolicyContext {
  return {
    preset: spec.search.preset,
    parameters: spec.search.parameters,
    task: spec.task,
    recipe: spec.recipe,
    seed: spec.seed,
    inputs: plan.inputs,
    outputs: plan.outputs,
    trainingRows: plan.trainingRows,
    validationRows: plan.validationRows,
    folds: plan.folds,
    meanPredictorLoss: plan.meanPredictorLoss,
  };
}

/** Runs that a decision asked for, in the order it asked. `finalise` runs are ours, not a policy's. */
export function runsOfDecision(snapshot: ExperimentSnapshot, sequence: number): readonly Run[] {
  return snapshot.runs.filter((run) => run.decision === sequence && run.purpose !== "finalise").sort((a, b) => a.position - b.position);
}

/** The full history, oldest decision first. Every run must have ended: call it only when nothing is outstanding. */
export function policyHistory(snapshot: ExperimentSnapshot): History {
  return snapshot.decisions.map((stored, index) => historyEntry(snapshot, stored, snapshot.decisions[index + 1]));
}

/**
 * The history that the trials' stored scores were written from, whatever is under way: a score is written with the next decision, so
 * every decision counts that another one followed.
 */
export function settledHistory(snapshot: ExperimentSnapshot): History {
  return policyHistory({ ...snapshot, decisions: snapshot.decisions.slice(0, -1) });
}

/** What a run stands for: its trial's `score`, which is the mean of such runs, or the second mean, over those and the `finals`. */
export type Standing = "score" | "finals";

/** The runs of settled decisions that stand for their trials; one that isn't here doesn't (yet, or any more). */
export function standings(snapshot: ExperimentSnapshot): ReadonlyMap<RunId, Standing> {
  const history = settledHistory(snapshot);
  const placed = new Map(snapshot.runs.map((run) => [place(run.decision, run.position), run]));
  const found = new Map<RunId, Standing>();
  const mark = (runs: readonly CompletedRun[], standing: Standing) => {
    for (const { entry, position } of runs) {
      const run = placed.get(place(snapshot.decisions[entry]?.sequence ?? 0, position));
      if (run !== undefined) found.set(run.id, standing);
    }
  };
  for (const { fits, all } of readTrials(history).map(summarise)) {
    mark(all, "finals");
    mark(fits, "score");
  }
  return found;
}

const place = (decision: number, position: number) => `${decision} ${position}`;

function historyEntry(snapshot: ExperimentSnapshot, stored: StoredDecision, next: StoredDecision | undefined): HistoryEntry {
  return {
    decision: stored.decision,
    outcomes: runsOfDecision(snapshot, stored.sequence).map(runOutcome),
    // A limit is stored with the decision that it forced; in the history it stands before that one.
    limit: next?.limit ?? null,
  };
}

/** The runs that stand for a trial, as the policy reads them from this history of the snapshot (or the beginning of it). */
export function runsThatStand(
  snapshot: ExperimentSnapshot,
  history: History,
  trialNumber: number,
  which: "fits" | "all" = "all",
): readonly Run[] {
  return standingRuns(history, trialNumber, which).flatMap(({ entry, position }) => runAt(snapshot, entry, position) ?? []);
}

/** The run at a policy's position: an entry of the history and a place among its runs, both from 0. */
function runAt(snapshot: ExperimentSnapshot, entry: number, position: number): Run | undefined {
  const sequence = snapshot.decisions[entry]?.sequence;
  return snapshot.runs.find((run) => run.decision === sequence && run.position === position && run.purpose !== "finalise");
}

/** Whether a run in this state has an outcome for a policy. */
export function hasOutcome(state: RunState): boolean {
  return state === "COMPLETED" || state === "DIVERGED" || state === "STOPPED";
}

/** How a run ended, as a policy may see it. A FAILED or CANCELLED run is no outcome: its experiment doesn't come to a decision. */
export function runOutcome(run: Run | SpeculativeRun): RunOutcome {
  const { purpose, seed, fold, learningRate, maxEpochs } = run;
  const request = { purpose, seed, fold, learningRate, ...(maxEpochs === undefined ? {} : { maxEpochs }) };
  const { result } = run;
  if (!isTerminal("run", run.state) || result === null) throw new Error(`run ${run.id} is ${run.state}: it has no outcome yet`);
  if (run.state === "DIVERGED" || run.state === "STOPPED")
    return { ...request, status: run.state, epochs: result.epochs, cost: result.cost };
  if (run.state !== "COMPLETED" || result.validationLoss === null || result.trainingLoss === null)
    throw new Error(`run ${run.id} is ${run.state} without a score: no policy may see it`);
  return {
    ...request,
    status: "COMPLETED",
    validationLoss: result.validationLoss,
    trainingLoss: result.trainingLoss,
    epochs: result.epochs,
    bestEpoch: result.bestEpoch,
    capped: result.capped,
    symptoms: result.diagnostics?.symptoms.map(({ symptom }) => symptom) ?? [],
    cost: result.cost,
  };
}
