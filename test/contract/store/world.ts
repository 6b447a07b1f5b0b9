/** What the store's contract suites share: an opened store on a clock that can be let run, and small ways to fill it. */
import {
  type AdvancePlan,
  type AssignmentId,
  type AttemptRef,
  asRightsizeError,
  type Claim,
  canonicalText,
  type Decision,
  type EpochRecord,
  type ErrorCode,
  type ExperimentId,
  type ExperimentSnapshot,
  type ExperimentSpec,
  localOwner,
  type NewAssignment,
  type OwnerId,
  type Refusal,
  type RunId,
  type RunPurpose,
  type RunResult,
  randomIds,
  type Sha256,
  type Store,
  type TrialId,
  type WorkerId,
} from "@rightsize/core";
import { exampleDataset, examplePlan, exampleSpec, hashOf } from "../../support/examples.ts";

export interface World {
  readonly store: Store;
  /** Lets the database's clock run. */
  pass(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}
/** Opens an empty store. */
export type OpenWorld = () => Promise<World>;

export const worker = (name: string) => `wrk_${name}` as WorkerId;
export const alice = "alice" as OwnerId;
export const bob = "bob" as OwnerId;
export const fingerprints = { scripted: "scripted-1" };
/** Long enough for a slow machine to write within it. */
export const longLeaseMs = 60_000;
export const shortLeaseMs = 150;

export const nothing: AdvancePlan = {
  decision: null,
  newTrials: [],
  trialChanges: [],
  assignments: [],
  cancelAssignments: [],
  experiment: null,
  events: [],
};

export function decisionOf(sequence: number, reason = `decision ${sequence}`): NonNullable<AdvancePlan["decision"]> {
  const decision: Decision = {
    action: "START_TRIAL",
    about: null,
    nextStep: null,
    capacity: { hiddenLayers: 1, nodesPerLayer: sequence },
    runs: [],
    reason,
    evidence: { rule: "test", comparisons: [], scores: [], numbers: { third: 1 / 3 } },
  };
  return { sequence, decision, text: canonicalText(decision), hash: hashOf("e") };
}

/** An assignment of runs for a trial, one for each purpose. */
export function assignmentOf(trialId: TrialId, decision: number, purposes: readonly RunPurpose[], priority = 10): NewAssignment {
  return {
    id: randomIds("assignment"),
    trialId,
    priority,
    runs: purposes.map((purpose, position) => ({
      id: randomIds("run"),
      trialId,
      // Runs of one trial differ; those of two experiments that ask the same are the same.
      contentHash: position.toString(16).padStart(64, "c") as Sha256,
      purpose,
      seed: position,
      fold: 0,
      learningRate: 0.001,
      decision,
      position,
    })),
  };
}

export interface Started {
  readonly id: ExperimentId;
  readonly trialId: TrialId;
  readonly assignments: readonly AssignmentId[];
  /** Runs of the first assignment. */
  readonly runs: readonly RunId[];
}

/** The first step of an experiment: a decision, a trial and assignments with runs of these purposes. */
export function firstStep(purposes: readonly (readonly RunPurpose[])[] = [["fit"]], priority = 10): AdvancePlan & { trialId: TrialId } {
  const trialId = randomIds("trial");
  return {
    ...nothing,
    trialId,
    decision: decisionOf(1),
    newTrials: [
      {
        id: trialId,
        number: 1,
        capacity: { hiddenLayers: 1, nodesPerLayer: 100 },
        parameterCount: 1001,
        speculative: false,
        recipe: exampleSpec().recipe,
      },
    ],
    assignments: purposes.map((runs) => assignmentOf(trialId, 1, runs, priority)),
    events: [{ kind: "decision.made", data: { sequence: 1 } }],
  };
}

/** A new experiment that waits for a worker. */
export async function start(
  store: Store,
  purposes?: readonly (readonly RunPurpose[])[],
  owner: OwnerId = localOwner,
  spec: Partial<ExperimentSpec> = {},
): Promise<Started> {
  const plan = firstStep(purposes);
  const id = randomIds("experiment");
  await store.experiments.create(
    { id, owner, spec: exampleSpec(spec), plan: examplePlan(), policyVersion: "course@1", idempotency: null },
    () => plan,
  );
  return {
    id,
    trialId: plan.trialId,
    assignments: plan.assignments.map((assignment) => assignment.id),
    runs: plan.assignments[0]?.runs.map((run) => run.id) ?? [],
  };
}

export function claimOf(
  store: Store,
  assignmentId: AssignmentId | undefined,
  options: { readonly by?: string; readonly leaseMs?: number; readonly with?: Readonly<Record<string, string>> } = {},
): Promise<Claim | Refusal> {
  return store.work.claim({
    assignmentId: assignmentId as AssignmentId,
    workerId: worker(options.by ?? "one"),
    leaseMs: options.leaseMs ?? longLeaseMs,
    fingerprints: options.with ?? fingerprints,
  });
}

/** A claim that must succeed. */
export async function take(
  store: Store,
  assignmentId: AssignmentId | undefined,
  options: Parameters<typeof claimOf>[2] = {},
): Promise<Claim> {
  const claim = await claimOf(store, assignmentId, options);
  if ("refused" in claim) throw new Error(`The claim was refused: ${claim.refused}`);
  return claim;
}

export function resultOf(validationLoss: number | null, overrides: Partial<RunResult> = {}): RunResult {
  return {
    validationLoss,
    trainingLoss: validationLoss,
    metrics: { meanSquaredError: 0.1 + 0.2 },
    epochs: 3,
    bestEpoch: 2,
    capped: false,
    diagnostics: null,
    cost: 1e9,
    trainMs: 12.5,
    weightsArtifact: hashOf("f"),
    reason: null,
    ...overrides,
  };
}

export const complete = (store: Store, ref: AttemptRef, runId: RunId | undefined, result = resultOf(0.5)) =>
  store.work.completeRun(ref, runId as RunId, { state: "COMPLETED", result });

export function epochsOf(runId: RunId | undefined, from: number, to: number, loss = 1): EpochRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    runId: runId as RunId,
    epoch: from + index,
    trainingLoss: loss / (from + index),
    validationLoss: loss,
    learningRate: 0.001,
  }));
}

export async function snapshotOf(store: Store, id: ExperimentId): Promise<ExperimentSnapshot> {
  const snapshot = await store.experiments.snapshot(id);
  if (snapshot === null) throw new Error(`There is no experiment ${id}`);
  return snapshot;
}

/** Changes an experiment's state as the API does. */
export function setState(store: Store, id: ExperimentId, state: "PAUSED" | "RUNNING" | "CANCELLED" | "FAILED" | "SUCCEEDED") {
  return store.experiments.advance(id, () => ({ ...nothing, experiment: { state, stateReason: `because ${state}` } }));
}

/** Everything in the outbox, taken out. */
export async function drain(store: Store): Promise<readonly { readonly assignmentId: AssignmentId; readonly dispatch: number }[]> {
  const items: { assignmentId: AssignmentId; dispatch: number }[] = [];
  await store.outbox.relay(10_000, async (published) => {
    items.push(...published.map(({ assignmentId, dispatch }) => ({ assignmentId, dispatch })));
  });
  return items;
}

/** The code of the error that something throws; `none` when it doesn't. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | "none"> {
  try {
    await work;
    return "none";
  } catch (error) {
    return asRightsizeError(error).code;
  }
}

/** Events of an experiment as `sequence kind`. */
export async function eventLines(store: Store, id: ExperimentId): Promise<readonly string[]> {
  return (await store.experiments.events(id, 0, 10_000)).map((event) => `${event.sequence} ${event.kind}`);
}

export function datasetNamed(owner: OwnerId, digit: string, name = `${digit}.csv`) {
  return { ...exampleDataset(), owner, id: hashOf(digit) as Sha256, name };
}

export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
