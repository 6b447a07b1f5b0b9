/** One step of an experiment: looks at everything known and says what to write next. Called again and again; does nothing while runs are outstanding. */
import {
  type AdvancePlan,
  type AssignmentId,
  canonicalText,
  type Decision,
  type Experiment,
  type ExperimentId,
  type ExperimentSnapshot,
  type Finish,
  type History,
  type IdSource,
  isTerminal,
  type LimitReached,
  type Moment,
  type NewEvent,
  type Recipe,
  type Run,
  type Store,
  type TrialChange,
} from "@rightsize/core";
import { policyVersion, readTrials } from "@rightsize/policy";
import { applyDecision } from "./apply-decision.ts";
import { textHash } from "./content-hash.ts";
import { decisionAtLimit, limitedDecision } from "./decide-within-limits.ts";
import { policyContext, policyHistory } from "./history.ts";
import { stoppedAtLimit } from "./stop-at-limit.ts";
import { timeSpent } from "./time-spent.ts";
import { summariseTrial } from "./trial-summary.ts";

export const nothingToWrite: AdvancePlan = {
  decision: null,
  newTrials: [],
  trialChanges: [],
  assignments: [],
  cancelAssignments: [],
  experiment: null,
  events: [],
};

/**
 * Advances an experiment in the store; returns the assignments that wait for a worker since, none when nothing was to be done. Where all
 * that a decision asks for was trained before (speculation), the next decision follows at once.
 */
export async function advanceExperiment(store: Store, ids: IdSource, id: ExperimentId): Promise<readonly AssignmentId[]> {
  const waiting = new Set<AssignmentId>();
  for (let adopted = true; adopted; ) {
    adopted = false;
    // Of the last try: a store does a step again that lost a race.
    let taken: readonly AssignmentId[] = [];
    const written = await store.experiments.advance(id, (snapshot) => {
      const plan = planAdvance(snapshot, ids);
      const adopts = new Set(plan?.adopt?.map(({ runId }) => runId));
      adopted = adopts.size > 0;
      taken = [
        ...(plan?.assignments ?? []).map((assignment) => assignment.id),
        ...snapshot.speculative.runs.filter((run) => adopts.has(run.id) && run.state === "QUEUED").map((run) => run.assignmentId),
      ];
      return plan;
    });
    if (!written) break;
    for (const assignment of taken) waiting.add(assignment);
  }
  return [...waiting];
}

/** What follows from a snapshot, or null when there is nothing to do (work is outstanding, it is paused, or at an end). */
export function planAdvance(snapshot: ExperimentSnapshot, ids: IdSource): AdvancePlan | null {
  const { experiment, runs } = snapshot;
  if (isTerminal("experiment", experiment.state)) return null;
  const failed = runs.find((run) => run.state === "FAILED");
  if (failed !== undefined) return failExperiment(snapshot, failed);
  if (experiment.state === "PAUSED") return null;
  if (runs.some((run) => !isTerminal("run", run.state))) return null;
  if (!knowsPolicy(experiment)) return null;
  const last = snapshot.decisions.at(-1)?.decision;
  if (last?.action === "FINISH") return succeed(snapshot, last);
  return nextDecision(snapshot, ids);
}

/** Ends an experiment that has passed its limit on time while it waits for runs; returns whether it did. */
export function endAtTimeLimit(store: Store, ids: IdSource, id: ExperimentId): Promise<boolean> {
  return store.experiments.advanceAtMoment(id, (snapshot, moment) => planTimeLimit(snapshot, moment, ids));
}

/** What a limit on time that has passed at a moment ends, or null when there is none, or nothing that it could end. */
export function planTimeLimit(snapshot: ExperimentSnapshot, moment: Moment, ids: IdSource): AdvancePlan | null {
  const { experiment, runs } = snapshot;
  if (experiment.state !== "RUNNING" || runs.some((run) => run.state === "FAILED") || !knowsPolicy(experiment)) return null;
  const stopped = stoppedAtLimit(snapshot, moment);
  return stopped === null ? null : { ...nextDecision(stopped.snapshot, ids, stopped.limit), stop: stopped.stop };
}

/** Whether this process has the policy that began the experiment; one that it doesn't know is left to a process that does. */
export function knowsPolicy({ spec, policyVersion: begunWith }: Pick<Experiment, "spec" | "policyVersion">): boolean {
  return policyVersion(spec.search.preset) === begunWith;
}

/** `reached` is a limit that has stopped runs of the snapshot: the decision is then the end. */
function nextDecision(snapshot: ExperimentSnapshot, ids: IdSource, reached: LimitReached | null = null): AdvancePlan {
  const { spec, plan } = snapshot.experiment;
  const history = policyHistory(snapshot);
  const context = policyContext(spec, plan);
  const { decision, limit } =
    reached === null ? limitedDecision(context, spec.limits, history, timeSpent(snapshot)) : decisionAtLimit(context, history, reached);
  const completed = completeTrials(snapshot, history, decision);
  const sequence = snapshot.decisions.length + 1;
  const text = canonicalText(decision);
  const effects = applyDecision(snapshot, sequence, decision, ids);
  const made: NewEvent = { kind: "decision.made", data: { sequence, action: decision.action, reason: decision.reason } };
  return {
    ...nothingToWrite,
    ...effects,
    decision: { sequence, decision, text, hash: textHash(text), limit },
    trialChanges: mergeChanges([...completed.changes, ...undoneRepair(snapshot, history), ...effects.trialChanges]),
    events: [...completed.events, made, ...effects.events],
  };
}

/**
 * Trials whose runs have all ended get their score. A trial without a score is completed too: that it can't be trained is an outcome. One
 * whose learning rates were only probed goes on where the decision fits it; where a limit ends the search instead, that stopped it.
 */
function completeTrials(
  snapshot: ExperimentSnapshot,
  history: History,
  decision: Decision,
): { changes: TrialChange[]; events: NewEvent[] } {
  const changes: TrialChange[] = [];
  const events: NewEvent[] = [];
  for (const trial of snapshot.trials) {
    const stopped = snapshot.runs.some((run) => run.trialId === trial.id && run.state === "STOPPED");
    if (trial.state !== "RUNNING" && !(trial.state === "PENDING" && stopped)) continue;
    const { score, metrics, runCount, waitsForFit } = summariseTrial(snapshot, history, trial);
    if (waitsForFit && decision.action === "ADD_RUNS" && decision.trial === trial.number) continue;
    if (score === null && (stopped || waitsForFit)) {
      // It might have been trained with more time: that is no outcome of its own.
      changes.push({ id: trial.id, state: "CANCELLED", verdict: "stopped" });
      continue;
    }
    // A repair may have given it a score since it was called untrainable.
    const verdict = score === null ? "untrainable" : null;
    changes.push({ id: trial.id, state: "COMPLETED", score, metrics, verdict });
    events.push({ kind: "trial.completed", data: { trialId: trial.id, number: trial.number, score, runs: runCount } });
  }
  return { changes, events };
}

/** A repair that a limit stopped: where it gave no score the trial stands by its runs of before, and is shown with their recipe. */
function undoneRepair({ experiment, trials }: ExperimentSnapshot, history: History): TrialChange[] {
  const last = history.at(-1);
  if (last?.decision.action !== "CHANGE_RECIPE" || !last.outcomes.some(({ status }) => status === "STOPPED")) return [];
  const { trial: number } = last.decision;
  const trial = trials.find((candidate) => candidate.number === number);
  const recipe: Recipe = { ...experiment.spec.recipe, ...readTrials(history)[number - 1]?.change };
  return trial === undefined ? [] : [{ id: trial.id, recipe }];
}

/** The finalise run has ended: its answer stands in the experiment already, the rest is the word. */
function succeed(snapshot: ExperimentSnapshot, finish: Finish): AdvancePlan {
  const { experiment } = snapshot;
  const { answer } = experiment;
  // Lists have no decisions: what one of them must say of the search's end stands with its answer.
  const told = answer === null ? {} : { answer: { ...answer, verdict: finish.verdict } };
  return {
    ...nothingToWrite,
    trialChanges: completeTrials(snapshot, policyHistory(snapshot), finish).changes,
    experiment: { state: "SUCCEEDED", ...told },
    events: [
      { kind: "answer.ready", data: { trial: answer?.trial ?? null, sentence: answer?.sentence ?? "" } },
      { kind: "experiment.state", data: { state: "SUCCEEDED" } },
    ],
  };
}

/** A run that can't be completed fails its experiment, with the reason; what was measured before stays. It is never a score. */
function failExperiment(snapshot: ExperimentSnapshot, failed: Run): AdvancePlan {
  const trial = snapshot.trials.find(({ id }) => id === failed.trialId);
  const reason = `A run of trial ${trial?.number ?? "?"} could not be completed: ${failed.result?.reason ?? "no reason was recorded"}`;
  const outstanding = snapshot.runs.filter((run) => !isTerminal("run", run.state));
  const trialChanges: TrialChange[] = snapshot.trials
    .filter(({ state }) => state === "PENDING" || state === "RUNNING")
    .map(({ id }) => ({ id, state: id === failed.trialId ? "FAILED" : "CANCELLED" }));
  return {
    ...nothingToWrite,
    trialChanges,
    cancelAssignments: [...new Set(outstanding.map(({ assignmentId }) => assignmentId))],
    experiment: { state: "FAILED", stateReason: reason },
    events: [
      { kind: "trial.failed", data: { trialId: failed.trialId, number: trial?.number ?? null, reason } },
      { kind: "experiment.state", data: { state: "FAILED", reason } },
    ],
  };
}

/** One change a trial: the store applies each trial's change once. */
function mergeChanges(changes: readonly TrialChange[]): TrialChange[] {
  const merged = new Map<string, TrialChange>();
  for (const change of changes) merged.set(change.id, { ...merged.get(change.id), ...change });
  return [...merged.values()];
}
