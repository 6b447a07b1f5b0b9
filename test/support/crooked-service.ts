/** The loop in memory with everything that may go wrong between its parts as a step of its own: tests choose the steps and their order. */
import {
  type AdvancePlan,
  asRightsizeError,
  type Claim,
  countedIds,
  type ExperimentId,
  type ExperimentSnapshot,
  type ExperimentSpec,
  type ExperimentState,
  localOwner,
  type Queue,
  type QueueJob,
  type RunResult,
  type Sha256,
  type SpeculationUse,
  type WorkerId,
} from "@rightsize/core";
import { advanceExperiment, createExperiment, createSpeculator, reconcile, relayOutbox } from "@rightsize/orchestrator";
import { createMemoryStore } from "@rightsize/store";
import { exampleDataset, examplePlan } from "./examples.ts";
import { outcomeText, strayEvents } from "./outcome.ts";

export const crookedLeaseMs = 10_000;
const epochsPerRun = 3;

/** One thing that happens; `pick` chooses among the messages or workers there are. */
export interface Step {
  readonly kind: (typeof stepKinds)[number];
  readonly pick: number;
}
export const stepKinds = [
  "work",
  "deliver",
  "deliver a copy",
  "lose a message",
  "say it again",
  "crash",
  "a dead worker's message arrives",
  "heartbeat",
  "time passes",
  "the clock is set back",
  "relay",
  "reconcile",
  "two orchestrators at once",
  "pause",
  "resume",
  "idle workers speculate",
  "a speculative run is put off",
] as const;

/** A worker as its sequence of writes: what it does next depends only on its claim and on how far it is. */
interface ModelWorker {
  readonly claim: Claim;
  /** Writes still to be sent, the next one first. */
  readonly writes: (() => Promise<void>)[];
  last: (() => Promise<void>) | null;
}

export interface CrookedService {
  step(step: Step): Promise<void>;
  /** From now on nothing goes wrong: resumes and works until nothing more happens. */
  finish(): Promise<void>;
  snapshot(): Promise<ExperimentSnapshot>;
  /** Rows, decisions and results as text: what must be the same however it came about. */
  outcome(): Promise<readonly string[]>;
  /** Writes that the store took though another attempt had begun; there must be none. */
  readonly acceptedStale: readonly string[];
  readonly staleWrites: () => Promise<number>;
  /** Asked-for runs that did not tell exactly one end, and events about anything that nobody asked for; there must be none. */
  untold(): Promise<readonly string[]>;
  speculationUse(): Promise<SpeculationUse>;
}

export async function startCrookedService(
  spec: ExperimentSpec,
  scoreOf: (claim: Claim, index: number) => number,
  crashLimit = 1_000_000,
): Promise<CrookedService> {
  let nowMs = 1_000_000;
  const store = createMemoryStore({ now: () => nowMs });
  const ids = countedIds();
  const speculator = createSpeculator(store, ids, 4);
  const messages: QueueJob[] = [];
  const living: ModelWorker[] = [];
  const dead: ModelWorker[] = [];
  const acceptedStale: string[] = [];
  const queue: Queue = {
    publish: async (jobs) => void messages.push(...jobs),
    consume: async () => ({ close: async () => {} }),
    depth: async () => ({ waiting: messages.length, active: living.length }),
    check: async () => {},
    close: async () => {},
  };
  const parts = { store, queue, ids };
  await store.datasets.put(exampleDataset());
  const { experiment } = await createExperiment(parts, { owner: localOwner, spec, plan: examplePlan(), idempotency: null });
  const id: ExperimentId = experiment.id;
  let workers = 0;

  /** A write of an attempt; one that the store takes must be the latest attempt's. */
  const fenced = (claim: Claim, what: string, write: () => Promise<unknown>) => async () => {
    await write();
    const attempts = (await store.work.attempts(id)).filter(({ assignmentId }) => assignmentId === claim.assignmentId);
    const latest = Math.max(...attempts.map(({ number }) => number));
    if (claim.attempt !== latest) acceptedStale.push(`${what} of attempt ${claim.attempt} of ${claim.assignmentId} at attempt ${latest}`);
  };

  async function take({ assignmentId }: Pick<QueueJob, "assignmentId">): Promise<void> {
    workers += 1;
    const claim = await store.work.claim({
      assignmentId,
      workerId: `wrk_${workers}` as WorkerId,
      leaseMs: crookedLeaseMs,
      fingerprints: { scripted: "scripted/test" },
    });
    if ("refused" in claim) return;
    living.push({ claim, writes: writesOf(claim), last: null });
  }

  function writesOf(claim: Claim): ModelWorker["writes"] {
    const writes = claim.runs.flatMap((run, index) => {
      if (run.purpose === "finalise") {
        const result = resultOf(1, claim.attempt, run.contentHash);
        return [
          fenced(claim, "the answer", () => store.work.completeRun(claim, run.id, { state: "COMPLETED", result, answer: answerOf(claim) })),
        ];
      }
      const score = scoreOf(claim, index);
      const from = claim.checkpoints.find(({ runId }) => runId === run.id)?.epoch ?? 0;
      const epochs = Array.from({ length: epochsPerRun - from }, (_, at) => from + at + 1);
      return [
        ...epochs.flatMap((epoch) => [
          fenced(claim, `epoch ${epoch}`, () =>
            store.work.appendEpochs(claim, [
              { runId: run.id, epoch, trainingLoss: score / epoch, validationLoss: score / epoch, learningRate: run.learningRate },
            ]),
          ),
          ...(epoch < epochsPerRun
            ? [
                fenced(claim, "a checkpoint", () =>
                  store.work.recordCheckpoint(claim, { runId: run.id, artifact: "c".repeat(64) as Sha256, epoch }),
                ),
              ]
            : []),
        ]),
        fenced(claim, "a result", () =>
          store.work.completeRun(claim, run.id, { state: "COMPLETED", result: resultOf(score, claim.attempt, run.contentHash) }),
        ),
      ];
    });
    return [
      ...writes,
      fenced(claim, "an end", () => store.work.endAttempt(claim, "completed", null)),
      async () => void (await advanceExperiment(store, ids, id)),
    ];
  }

  /** Sends a worker's next write; a refusal ends the worker, as it does the real one. */
  async function work(worker: ModelWorker, among: ModelWorker[]): Promise<void> {
    const write = worker.writes.shift();
    const remove = () => among.splice(among.indexOf(worker), 1);
    if (write === undefined) return void remove();
    worker.last = write;
    if (!(await accepted(write))) remove();
  }
  async function accepted(write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      if (asRightsizeError(error).code === "stale_attempt") return false;
      throw error;
    }
  }

  const become = (from: readonly ExperimentState[], to: ExperimentState) =>
    store.experiments.advance(id, ({ experiment: { state } }): AdvancePlan | null =>
      from.includes(state)
        ? {
            decision: null,
            newTrials: [],
            trialChanges: [],
            assignments: [],
            cancelAssignments: [],
            experiment: { state: to },
            events: [{ kind: "experiment.state", data: { state: to } }],
          }
        : null,
    );
  const picked = <Item>(items: readonly Item[], pick: number) => items[pick % Math.max(1, items.length)];

  async function step({ kind, pick }: Step): Promise<void> {
    const worker = picked(living, pick);
    const message = picked(messages, pick);
    switch (kind) {
      case "work":
        return worker && work(worker, living);
      case "deliver":
        if (message) await take(messages.splice(pick % messages.length, 1)[0] as QueueJob);
        return;
      case "deliver a copy":
        return message && take(message);
      case "lose a message":
        messages.splice(pick % Math.max(1, messages.length), 1);
        return;
      case "say it again":
        if (worker?.last) await accepted(worker.last);
        return;
      case "crash":
        if (worker) dead.push(...living.splice(living.indexOf(worker), 1));
        return;
      case "a dead worker's message arrives": {
        const zombie = picked(dead, pick);
        return zombie && work(zombie, dead);
      }
      case "heartbeat":
        if (worker) await accepted(fenced(worker.claim, "a heartbeat", () => store.work.heartbeat(worker.claim, crookedLeaseMs)));
        return;
      case "time passes":
        nowMs += pick % (2 * crookedLeaseMs);
        return;
      case "the clock is set back":
        nowMs -= pick % crookedLeaseMs;
        return;
      case "relay":
        return void (await relayOutbox(parts));
      case "reconcile":
        return reconcile(parts, { crashLimit });
      case "two orchestrators at once":
        return void (await Promise.all([advanceExperiment(store, ids, id), advanceExperiment(store, ids, id)]));
      case "pause":
        return void (await become(["QUEUED", "RUNNING"], "PAUSED"));
      case "resume":
        return void (await become(["PAUSED"], "RUNNING"));
      case "idle workers speculate":
        for (const assignmentId of await speculator.begin(id, pick % 4)) await take({ assignmentId });
        return;
      case "a speculative run is put off": {
        const unasked = await store.work.speculativeAmong(living.map(({ claim }) => claim.assignmentId));
        const stopped = picked(
          living.filter(({ claim }) => unasked.includes(claim.assignmentId)),
          pick,
        );
        if (stopped === undefined) return;
        living.splice(living.indexOf(stopped), 1);
        return void (await accepted(fenced(stopped.claim, "a release", () => store.work.endAttempt(stopped.claim, "released", null))));
      }
      default:
        return kind satisfies never;
    }
  }

  const snapshot = async () => {
    const found = await store.experiments.snapshot(id);
    if (found === null) throw new Error("the experiment is gone");
    return found;
  };
  return {
    step,
    snapshot,
    acceptedStale,
    staleWrites: () => store.work.staleWriteCount(),
    speculationUse: () => store.work.speculationUse(id),
    untold: async () => strayEvents(await snapshot(), await store.experiments.events(id, 0, 100_000)),
    async finish() {
      nowMs += crookedLeaseMs;
      await step({ kind: "resume", pick: 0 });
      for (let rounds = 0; (await store.experiments.find(null, id))?.endedAt === null; rounds++) {
        if (rounds > 1000) throw new Error(`the experiment did not end: ${JSON.stringify(await snapshot(), null, 1)}`);
        for (const worker of [...living]) while (living.includes(worker)) await work(worker, living);
        for (const message of messages.splice(0)) await take(message);
        if (living.length > 0) continue;
        nowMs += crookedLeaseMs + 1;
        await reconcile(parts, { crashLimit });
      }
      for (const zombie of [...dead]) while (dead.includes(zombie)) await work(zombie, dead);
    },
    outcome: async () => outcomeText(store, await snapshot()),
  };
}

/** Weights named by the run's content, so that a run which was mistaken for another shows. */
function resultOf(score: number, attempt: number, weightsArtifact: Sha256): RunResult {
  return {
    validationLoss: score,
    trainingLoss: score,
    metrics: { meanSquaredError: score },
    epochs: epochsPerRun,
    bestEpoch: epochsPerRun,
    capped: false,
    diagnostics: null,
    cost: epochsPerRun,
    // Durations differ between attempts, and nothing may depend on them.
    trainMs: attempt,
    weightsArtifact,
    reason: null,
  };
}

function answerOf({ trial }: Claim) {
  const scores = { loss: 1, metrics: {} };
  return {
    trial: trial.number,
    capacity: trial.capacity,
    validation: scores,
    test: scores,
    delivered: { kind: "single" as const, members: [] },
    single: null,
    baselines: [],
    beatsMean: true,
    modelArtifact: null,
    sentence: "as scripted",
  };
}
