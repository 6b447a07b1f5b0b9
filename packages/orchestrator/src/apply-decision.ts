/** The ONE switch: turns a decision into what the store writes. Nothing else creates trials, runs or assignments. */
import {
  type AdvancePlan,
  capacityText,
  type Decision,
  type ExperimentSnapshot,
  type IdSource,
  type NewAssignment,
  type NewEvent,
  type NewRun,
  type NewTrial,
  parameterCount,
  type Recipe,
  type RunRequest,
  type Trial,
  type TrialChange,
  type TrialId,
  togetherRunLimit,
  trainsTogether,
} from "@rightsize/core";
import { runContentHash } from "./content-hash.ts";

/** The part of an advance that a decision asks for. */
export type DecisionEffects = Pick<AdvancePlan, "newTrials" | "trialChanges" | "assignments" | "events">;

/** Dispatch priorities (1 is most urgent); speculative work starts at 1,000. */
export const priorities = { finalise: 5, asked: 10, speculative: 1000 } as const;

/** What a decision with this sequence number writes, given the snapshot it was made on. Pure but for the ids it draws. */
export function applyDecision(snapshot: ExperimentSnapshot, sequence: number, decision: Decision, ids: IdSource): DecisionEffects {
  switch (decision.action) {
    case "START_TRIAL":
      return startTrial(snapshot, sequence, decision, ids);
    case "ADD_RUNS": {
      const trial = trialNumbered(snapshot, decision.trial);
      return { ...nothing, assignments: assignmentsFor(snapshot, sequence, trial, trial.recipe, decision.runs, ids) };
    }
    case "CHANGE_RECIPE": {
      const trial = trialNumbered(snapshot, decision.trial);
      const recipe: Recipe = { ...trial.recipe, ...decision.change };
      return {
        ...nothing,
        trialChanges: [{ id: trial.id, recipe }],
        assignments: assignmentsFor(snapshot, sequence, trial, recipe, decision.runs, ids),
      };
    }
    case "FINISH":
      return finish(snapshot, sequence, decision, ids);
    default:
      return decision satisfies never;
  }
}

const nothing: DecisionEffects = { newTrials: [], trialChanges: [], assignments: [], events: [] };

function startTrial(
  snapshot: ExperimentSnapshot,
  sequence: number,
  decision: Extract<Decision, { action: "START_TRIAL" }>,
  ids: IdSource,
): DecisionEffects {
  const { spec, plan } = snapshot.experiment;
  const trial: NewTrial = {
    id: ids("trial"),
    number: snapshot.trials.reduce((highest, { number }) => Math.max(highest, number ?? 0), 0) + 1,
    capacity: decision.capacity,
    parameterCount: parameterCount(plan.inputs, decision.capacity, plan.outputs),
    speculative: false,
    recipe: spec.recipe,
  };
  const about = decision.about === null ? null : trialNumbered(snapshot, decision.about);
  const trialChanges: TrialChange[] = about === null || decision.nextStep === null ? [] : [{ id: about.id, nextStep: decision.nextStep }];
  const started: NewEvent = {
    kind: "trial.started",
    data: { trialId: trial.id, number: trial.number, capacity: capacityText(trial.capacity) },
  };
  return {
    newTrials: [trial],
    trialChanges,
    assignments: assignmentsFor(snapshot, sequence, trial, spec.recipe, decision.runs, ids),
    events: [started],
  };
}

/** FINISH marks the row and the winner, and asks for the `finalise` run that reads the test split once. */
function finish(
  snapshot: ExperimentSnapshot,
  sequence: number,
  decision: Extract<Decision, { action: "FINISH" }>,
  ids: IdSource,
): DecisionEffects {
  const changes = new Map<TrialId, TrialChange>();
  const change = (trial: Trial, fields: Omit<TrialChange, "id">) =>
    changes.set(trial.id, { ...(changes.get(trial.id) ?? { id: trial.id }), ...fields });
  const about = decision.about === null ? null : trialNumbered(snapshot, decision.about);
  const winner = decision.winner === null ? null : trialNumbered(snapshot, decision.winner);
  if (about !== null) change(about, { nextStep: "DONE" });
  if (winner !== null) change(winner, { winner: true });
  const trial = winner ?? about;
  const request: RunRequest = {
    purpose: "finalise",
    seed: snapshot.experiment.spec.seed,
    fold: 0,
    learningRate: representativeRate(snapshot.experiment.spec.recipe),
  };
  return {
    newTrials: [],
    trialChanges: [...changes.values()],
    assignments: trial === null ? [] : assignmentsFor(snapshot, sequence, trial, trial.recipe, [request], ids, priorities.finalise),
    events: [],
  };
}

/** A rate to name the `finalise` run by, which trains with none of the experiment's own: the fixed one, or the middle of a sweep. */
function representativeRate({ learningRate }: Recipe): number {
  if (learningRate.kind === "fixed") return learningRate.value;
  const sorted = [...learningRate.values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0.001;
}

/**
 * One assignment a run, so that idle workers share a trial's replicates and learning rates; runs of one fold whose networks are small
 * enough to be trained side by side are one assignment, which costs less than any sharing saves.
 */
function assignmentsFor(
  snapshot: ExperimentSnapshot,
  decision: number,
  trial: Pick<Trial, "id" | "capacity">,
  recipe: Recipe,
  runs: readonly RunRequest[],
  ids: IdSource,
  priority: number = priorities.asked,
): NewAssignment[] {
  const { spec, plan } = snapshot.experiment;
  const together =
    spec.engine.name === "onnx" && trainsTogether(parameterCount(plan.inputs, trial.capacity, plan.outputs), recipe) ? togetherRunLimit : 1;
  const groups: { readonly fold: number; readonly runs: NewRun[] }[] = [];
  const assignments: NewAssignment[] = [];
  for (const [position, run] of runs.entries()) {
    const joined = groups.find((group) => group.fold === run.fold && group.runs.length < together);
    const group = joined ?? { fold: run.fold, runs: [] };
    if (joined === undefined) {
      groups.push(group);
      assignments.push({ id: ids("assignment"), trialId: trial.id, priority, runs: group.runs });
    }
    const contentHash = runContentHash(spec, plan, trial.capacity, recipe, run);
    group.runs.push({ id: ids("run"), trialId: trial.id, contentHash, ...run, decision, position });
  }
  return assignments;
}

function trialNumbered(snapshot: ExperimentSnapshot, number: number): Trial {
  const trial = snapshot.trials.find((candidate) => candidate.number === number);
  if (trial === undefined) throw new Error(`experiment ${snapshot.experiment.id} has no trial ${number}: the decision is not about it`);
  return trial;
}
