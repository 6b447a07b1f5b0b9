/** The ONE switch: turns a decision into what the store writes. Nothing else gives a trial its number or a decision its runs. */
import {
  type Adoption,
  type AdvancePlan,
  type AssignmentId,
  capacityText,
  type Decision,
  type Experiment,
  type ExperimentSnapshot,
  type IdSource,
  isTerminal,
  type NewAssignment,
  type NewEvent,
  type NewRun,
  type NewTrial,
  parameterCount,
  type Recipe,
  type RunRequest,
  type RunState,
  type SpeculativeRun,
  sameCapacity,
  type Trial,
  type TrialChange,
  type TrialId,
  togetherRunLimit,
  trainsTogether,
} from "@rightsize/core";
import { runContentHash } from "./content-hash.ts";

/** The part of an advance that a decision asks for. */
export type DecisionEffects = Pick<AdvancePlan, "newTrials" | "trialChanges" | "assignments" | "cancelAssignments" | "events"> &
  Required<Pick<AdvancePlan, "adopt">>;

/** Dispatch priorities (1 is most urgent); speculative work starts at 1,000. */
export const priorities = { finalise: 5, asked: 10, speculative: 1000 } as const;

/** What a decision with this sequence number writes, given the snapshot it was made on. Pure but for the ids it draws. */
export function applyDecision(snapshot: ExperimentSnapshot, sequence: number, decision: Decision, ids: IdSource): DecisionEffects {
  switch (decision.action) {
    case "START_TRIAL":
      return startTrial(snapshot, sequence, decision, ids);
    case "ADD_RUNS": {
      const trial = trialNumbered(snapshot, decision.trial);
      const { reopened, ...work } = workFor(snapshot, sequence, trial, trial.recipe, decision.runs, ids);
      return { ...nothing, ...work, trialChanges: reopened };
    }
    case "CHANGE_RECIPE": {
      const trial = trialNumbered(snapshot, decision.trial);
      const recipe: Recipe = { ...trial.recipe, ...decision.change };
      const { reopened, ...work } = workFor(snapshot, sequence, trial, recipe, decision.runs, ids);
      return {
        ...nothing,
        ...work,
        trialChanges: [{ id: trial.id, recipe }, ...reopened],
        // What was begun under the old recipe would be trained on under the new one.
        cancelAssignments: unaskedAssignments(snapshot, work.adopt, trial),
      };
    }
    case "FINISH":
      return finish(snapshot, sequence, decision, ids);
    default:
      return decision satisfies never;
  }
}

const nothing: DecisionEffects = { newTrials: [], trialChanges: [], assignments: [], cancelAssignments: [], events: [], adopt: [] };

function startTrial(
  snapshot: ExperimentSnapshot,
  sequence: number,
  decision: Extract<Decision, { action: "START_TRIAL" }>,
  ids: IdSource,
): DecisionEffects {
  const { spec, plan } = snapshot.experiment;
  const number = snapshot.trials.reduce((highest, { number }) => Math.max(highest, number ?? 0), 0) + 1;
  const begun = snapshot.speculative.trials.find(({ capacity }) => sameCapacity(capacity, decision.capacity));
  const trial: NewTrial = {
    id: begun?.id ?? ids("trial"),
    number,
    capacity: decision.capacity,
    parameterCount: parameterCount(plan.inputs, decision.capacity, plan.outputs),
    speculative: false,
    recipe: spec.recipe,
  };
  const { reopened, ...work } = workFor(snapshot, sequence, trial, spec.recipe, decision.runs, ids);
  const adopted: TrialChange[] = begun === undefined ? [] : [{ id: begun.id, number }, ...reopened];
  const about = decision.about === null ? null : trialNumbered(snapshot, decision.about);
  const trialChanges: TrialChange[] = about === null || decision.nextStep === null ? [] : [{ id: about.id, nextStep: decision.nextStep }];
  const started: NewEvent = {
    kind: "trial.started",
    data: { trialId: trial.id, number: trial.number, capacity: capacityText(trial.capacity) },
  };
  return {
    ...nothing,
    ...work,
    newTrials: begun === undefined ? [trial] : [],
    trialChanges: [...trialChanges, ...adopted],
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
    ...nothing,
    trialChanges: [...changes.values()],
    assignments: trial === null ? [] : workFor(snapshot, sequence, trial, trial.recipe, [request], ids, priorities.finalise).assignments,
    cancelAssignments: unaskedAssignments(snapshot, []),
  };
}

/** A rate to name the `finalise` run by, which trains with none of the experiment's own: the fixed one, or the middle of several. */
function representativeRate({ learningRate }: Recipe): number {
  if (learningRate.kind === "fixed") return learningRate.value;
  const sorted = [...learningRate.values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0.001;
}

/** What a decision's runs need: those that idle workers began are adopted, the others are assigned. */
function workFor(
  snapshot: ExperimentSnapshot,
  decision: number,
  trial: Pick<Trial, "id" | "capacity">,
  recipe: Recipe,
  requests: readonly RunRequest[],
  ids: IdSource,
  priority: number = priorities.asked,
): Pick<DecisionEffects, "assignments" | "adopt"> & { readonly reopened: readonly TrialChange[] } {
  const { spec, plan } = snapshot.experiment;
  // The furthest first, where runs of the same content were begun twice.
  const begun = snapshot.speculative.runs
    .filter(({ trialId, state }) => trialId === trial.id && state in furthest)
    .sort((a, b) => (furthest[b.state] ?? 0) - (furthest[a.state] ?? 0));
  const adopt: Adoption[] = [];
  const rest: AskedRun[] = [];
  const adopted: SpeculativeRun[] = [];
  for (const [position, request] of requests.entries()) {
    const contentHash = runContentHash(spec, plan, trial.capacity, recipe, request);
    const match = begun.find((run) => run.contentHash === contentHash && !adopted.includes(run));
    if (match === undefined) rest.push({ ...request, contentHash, decision, position });
    else {
      adopted.push(match);
      adopt.push({ runId: match.id, decision, position, purpose: request.purpose, priority });
    }
  }
  return {
    adopt,
    assignments: assignmentsFor(snapshot.experiment, trial, recipe, rest, ids, priority),
    // As a claim would have: the trial is at work, or has been.
    reopened: adopted.some(({ state }) => state !== "QUEUED") ? [{ id: trial.id, state: "RUNNING" }] : [],
  };
}

/** States in which a speculative run may be adopted, and how far along each is. */
const furthest: Partial<Record<RunState, number>> = { QUEUED: 1, RUNNING: 2, DIVERGED: 3, COMPLETED: 3 };

type AskedRun = Omit<NewRun, "id" | "trialId">;

/**
 * Assignments (of one trial, or all) that hold speculative runs under way and nothing that is asked for and still trained: where a decision
 * took a part of one and that part has ended, the rest is as unasked as before. Left alone it would be trained again under its trial's
 * recipe of then, which its content hash doesn't name.
 */
export function unaskedAssignments(
  snapshot: ExperimentSnapshot,
  adopt: readonly Adoption[],
  trial?: Pick<Trial, "id">,
): readonly AssignmentId[] {
  const runs = snapshot.speculative.runs;
  const kept = new Set<string>([
    ...snapshot.runs.filter((run) => !isTerminal("run", run.state)).map(({ assignmentId }) => assignmentId),
    ...runs.filter(({ id }) => adopt.some(({ runId }) => runId === id)).map(({ assignmentId }) => assignmentId),
  ]);
  const open = runs.filter((run) => !isTerminal("run", run.state) && (trial === undefined || run.trialId === trial.id));
  return [...new Set(open.map(({ assignmentId }) => assignmentId))].filter((id) => !kept.has(id));
}

/**
 * One assignment a run, so that idle workers share a trial's replicates and learning rates; runs of one fold whose networks are small
 * enough to be trained side by side are one assignment, which costs less than any sharing saves.
 */
export function assignmentsFor<Wanted extends RunRequest>(
  { spec, plan }: Pick<Experiment, "spec" | "plan">,
  trial: Pick<Trial, "id" | "capacity">,
  recipe: Recipe,
  runs: readonly Wanted[],
  ids: IdSource,
  priority: number,
): (Omit<NewAssignment, "runs"> & { readonly runs: readonly (Wanted & Pick<NewRun, "id" | "trialId">)[] })[] {
  const together =
    spec.engine.name === "onnx" && trainsTogether(parameterCount(plan.inputs, trial.capacity, plan.outputs), recipe) ? togetherRunLimit : 1;
  type Placed = Wanted & Pick<NewRun, "id" | "trialId">;
  const groups: { readonly fold: number; readonly runs: Placed[] }[] = [];
  const assignments: (Omit<NewAssignment, "runs"> & { readonly runs: readonly Placed[] })[] = [];
  for (const run of runs) {
    const joined = groups.find((group) => group.fold === run.fold && group.runs.length < together);
    const group = joined ?? { fold: run.fold, runs: [] };
    if (joined === undefined) {
      groups.push(group);
      assignments.push({ id: ids("assignment"), trialId: trial.id, priority, runs: group.runs });
    }
    group.runs.push({ ...run, id: ids("run"), trialId: trial.id });
  }
  return assignments;
}

function trialNumbered(snapshot: ExperimentSnapshot, number: number): Trial {
  const trial = snapshot.trials.find((candidate) => candidate.number === number);
  if (trial === undefined) throw new Error(`experiment ${snapshot.experiment.id} has no trial ${number}: the decision is not about it`);
  return trial;
}
