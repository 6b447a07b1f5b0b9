/** What idle workers begin before it is asked for: guessed from a snapshot, written under the experiment's lock, adopted or not by a later decision. */
import {
  type AdvancePlan,
  type AssignmentId,
  canonicalText,
  type ExperimentId,
  type ExperimentSnapshot,
  type IdSource,
  isTerminal,
  type NewSpeculation,
  type NewTrial,
  parameterCount,
  type Recipe,
  type RunRequest,
  type Store,
  sameCapacity,
  type Trial,
} from "@rightsize/core";
import { type Speculation, speculate } from "@rightsize/policy";
import { knowsPolicy, nothingToWrite } from "./advance.ts";
import { assignmentsFor, priorities, unaskedAssignments } from "./apply-decision.ts";
import { runContentHash } from "./content-hash.ts";
import { policyContext, policyHistory, runOutcome, runsOfDecision } from "./history.ts";

/** Decisions looked ahead; the likeliest paths only, so that it costs little. */
const depth = 8;

export interface Speculator {
  /**
   * Writes what this many idle slots may begin for an experiment and cancels what can no longer be asked for; returns the assignments to
   * take, at most one a slot. With no slot it only cancels. The guessing is done outside the experiment's lock: nobody waits for it.
   */
  begin(experiment: ExperimentId, idleSlots: number): Promise<readonly AssignmentId[]>;
}

/** Experiments whose candidates are remembered. */
const remembered = 64;

/** `slots` is how many the worker has: about twice as many candidates are looked for, so that what is under way and still likely goes on. */
export function createSpeculator(store: Store, ids: IdSource, slots: number): Speculator {
  const most = 2 * slots + 6;
  /** Guessing anew is only worth it when a run has ended since. */
  const guessed = new Map<ExperimentId, { readonly when: string; readonly candidates: readonly Speculation[] | null }>();
  const candidatesOf = (id: ExperimentId, snapshot: ExperimentSnapshot) => {
    const when = momentOf(snapshot);
    const before = guessed.get(id);
    if (before?.when === when) return before.candidates;
    const candidates = candidatesFor(snapshot, most);
    guessed.delete(id);
    guessed.set(id, { when, candidates });
    for (const oldest of guessed.keys()) if (guessed.size > remembered) guessed.delete(oldest);
    return candidates;
  };
  return {
    async begin(id, idleSlots) {
      const before = await store.experiments.snapshot(id);
      const candidates = before === null ? null : candidatesOf(id, before);
      if (before === null || candidates === null) return [];
      let take: readonly AssignmentId[] = [];
      await store.experiments.advance(id, (snapshot) => {
        if (snapshot.decisions.length !== before.decisions.length || !waits(snapshot)) return null;
        const begun = placeCandidates(snapshot, candidates, idleSlots, ids);
        take = begun.take;
        return begun.plan;
      });
      return take;
    },
  };
}

/** Equal while nothing happened that a guess depends on. */
function momentOf({ experiment, decisions, runs, speculative }: ExperimentSnapshot): string {
  const ended = [...runs, ...speculative.runs].filter(({ state }) => isTerminal("run", state)).map(({ id }) => id);
  return [experiment.state, decisions.length, ...ended.sort()].join(" ");
}

/** Whether the experiment waits for runs of a decision after which there is another. */
function waits({ experiment, decisions, runs }: ExperimentSnapshot): boolean {
  const last = decisions.at(-1)?.decision.action;
  if (experiment.state !== "RUNNING" || last === undefined || last === "FINISH") return false;
  if (runs.some(({ state }) => state === "FAILED" || state === "CANCELLED")) return false;
  return runs.some(({ state }) => !isTerminal("run", state));
}

/** What the policy may ask for soon, the first to be begun first; null where there is nothing to wait for. */
export function candidatesFor(snapshot: ExperimentSnapshot, most: number): readonly Speculation[] | null {
  const { experiment, decisions, speculative } = snapshot;
  const last = decisions.at(-1);
  if (!waits(snapshot) || last === undefined || last.decision.action === "FINISH" || !knowsPolicy(experiment)) return null;
  const { spec, plan } = experiment;
  const trained = speculative.runs.filter(({ state }) => state === "COMPLETED" || state === "DIVERGED");
  const outcomes = runsOfDecision(snapshot, last.sequence).map((run) => (isTerminal("run", run.state) ? runOutcome(run) : null));
  return speculate(
    policyContext(spec, plan),
    policyHistory({ ...snapshot, decisions: decisions.slice(0, -1) }),
    { decision: last.decision, outcomes },
    {
      depth,
      most,
      known: (capacity, change, request) => {
        if (trained.length === 0) return null;
        const hash = runContentHash(spec, plan, capacity, { ...spec.recipe, ...change }, request);
        const run = trained.find(({ contentHash }) => contentHash === hash);
        return run === undefined ? null : { ...runOutcome(run), ...request };
      },
    },
  );
}

interface Begun {
  /** null when there is nothing to write. */
  readonly plan: AdvancePlan | null;
  readonly take: readonly AssignmentId[];
}

/** Places candidates on idle slots: what waits from before is taken on, what nobody has begun becomes an assignment. Pure but for the ids. */
export function placeCandidates(snapshot: ExperimentSnapshot, candidates: readonly Speculation[], idleSlots: number, ids: IdSource): Begun {
  const { spec, plan } = snapshot.experiment;
  const open = new Set(unaskedAssignments(snapshot, []));
  const begun = snapshot.speculative.runs.filter(({ state }) => state !== "CANCELLED");
  // A run that failed is not begun again: whoever asks for it trains it afresh.
  const there = new Set<string>([...snapshot.runs, ...begun].map(({ contentHash }) => contentHash));
  const wanted = new Set<string>();
  const take: AssignmentId[] = [];
  const newTrials: NewTrial[] = [];
  const assignments: NewSpeculation[] = [];
  for (const { capacity, change, runs } of candidates) {
    const recipe: Recipe = { ...spec.recipe, ...change };
    const known = [...snapshot.trials, ...snapshot.speculative.trials, ...newTrials].find((trial) =>
      sameCapacity(trial.capacity, capacity),
    );
    // A trial is trained under its own recipe, whatever this candidate supposes.
    if (known !== undefined && canonicalText(known.recipe) !== canonicalText(recipe)) continue;
    const trial = known ?? newTrial(snapshot, capacity, recipe, ids);
    if (trial === null) continue;
    const missing: (RunRequest & { readonly contentHash: ReturnType<typeof runContentHash> })[] = [];
    for (const request of runs) {
      const contentHash = runContentHash(spec, plan, capacity, recipe, request);
      wanted.add(contentHash);
      const waiting = begun.find((run) => run.contentHash === contentHash && run.state === "QUEUED" && open.has(run.assignmentId));
      if (waiting !== undefined && !take.includes(waiting.assignmentId) && take.length < idleSlots) take.push(waiting.assignmentId);
      if (there.has(contentHash)) continue;
      there.add(contentHash);
      missing.push({ ...request, contentHash });
    }
    const placed = assignmentsFor(snapshot.experiment, trial, recipe, missing, ids, priorities.speculative).slice(
      0,
      idleSlots - take.length,
    );
    if (placed.length === 0) continue;
    if (known === undefined) newTrials.push(trial as NewTrial);
    assignments.push(...placed);
    take.push(...placed.map(({ id }) => id));
  }
  const stillWanted = new Set(begun.filter(({ contentHash }) => wanted.has(contentHash)).map(({ assignmentId }) => assignmentId));
  const cancelAssignments = [...open].filter((id) => !stillWanted.has(id));
  const nothing = assignments.length === 0 && cancelAssignments.length === 0;
  return { take, plan: nothing ? null : { ...nothingToWrite, newTrials, speculate: assignments, cancelAssignments } };
}

/** A trial that the limits of the experiment would not allow is not begun. */
function newTrial(snapshot: ExperimentSnapshot, capacity: Trial["capacity"], recipe: Recipe, ids: IdSource): NewTrial | null {
  const { spec, plan } = snapshot.experiment;
  const { maxTrials, maxParameterCount } = spec.limits;
  const parameters = parameterCount(plan.inputs, capacity, plan.outputs);
  if (maxTrials !== null && snapshot.trials.length >= maxTrials) return null;
  if (maxParameterCount !== null && parameters > maxParameterCount) return null;
  return { id: ids("trial"), number: null, capacity, parameterCount: parameters, speculative: true, recipe };
}
