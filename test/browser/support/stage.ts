/** A stage on which a recorded experiment is played: its records in the contract's shapes, and the events as they happen. */
import type { AttemptView, DecisionView, EpochsMessage, EventView, ExperimentView, RunView, TrialView } from "@rightsize/contract";
import type { Answer, Capacity, Decision, Diagnostics, EventKind, RunPurpose } from "@rightsize/core";
import { parameterCount } from "@rightsize/core";

export type Epoch = EpochsMessage["epochs"][number];
/** One thing that happens; a story is a list of them. */
export type Step = (stage: Stage) => void;
export interface StageListener {
  event(event: EventView): void;
  epochs(message: EpochsMessage): void;
}

/** As long as real ones are, without a place to break a line. */
const longFingerprint =
  "onnx graph-5 onnxruntime-node-1.30.0 cpu threads-1 linux-x64 node-20.20.2 avx,avx2,avx512_bf16,avx512_bitalg,avx512_vbmi2,avx512_vnni,avx512_vp2intersect,avx512_vpopcntdq,avx512bw,avx512cd,avx512dq,f16c,fma,sse4_1,sse4_2,sse4a";

export interface StageOptions {
  readonly id: string;
  readonly name: string;
  readonly dataset: string;
  readonly target: string;
  readonly task: ExperimentView["task"];
  readonly preset: string;
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly plan: ExperimentView["plan"];
  /** Milliseconds since 1970; the story's own clock. */
  readonly now: () => number;
}

export class Stage {
  readonly experiment: ExperimentView;
  readonly trials: TrialView[] = [];
  readonly decisions: DecisionView[] = [];
  readonly events: EventView[] = [];
  readonly epochs = new Map<string, Epoch[]>();
  readonly listeners = new Set<StageListener>();
  readonly #now: () => number;
  #runs = 0;

  constructor(options: StageOptions) {
    this.#now = options.now;
    const { id, name, dataset, target, task, preset, recipe, plan } = options;
    this.experiment = {
      id,
      name,
      state: "QUEUED",
      stateReason: null,
      dataset,
      target,
      task,
      preset,
      engine: "onnx",
      engineFingerprint: null,
      policyVersion: "1",
      spec: { name, dataset, target, task, recipe, search: { preset, parameters: {} }, seed: 0 },
      plan,
      answer: null,
      eventCount: 0,
      createdAt: this.time(),
      startedAt: null,
      endedAt: null,
    };
    this.emit("experiment.created", { name });
  }

  time(): string {
    return new Date(this.#now()).toISOString();
  }

  emit(kind: EventKind, data: Record<string, unknown>): void {
    const event: EventView = { experimentId: this.experiment.id, sequence: this.events.length + 1, kind, data, createdAt: this.time() };
    this.events.push(event);
    this.experiment.eventCount = this.events.length;
    for (const listener of this.listeners) listener.event(event);
  }

  state(state: ExperimentView["state"], reason: string | null = null): void {
    this.experiment.state = state;
    this.experiment.stateReason = reason;
    if (state === "RUNNING") this.experiment.startedAt ??= this.time();
    if (state === "RUNNING") this.experiment.engineFingerprint = longFingerprint;
    if (state === "SUCCEEDED" || state === "FAILED" || state === "CANCELLED") this.experiment.endedAt = this.time();
    this.emit("experiment.state", { state, ...(reason === null ? {} : { reason }) });
  }

  /** A decision and what it asks for: a new trial, or more runs of one. */
  decide(decision: Decision): void {
    const sequence = this.decisions.length + 1;
    const { action, reason } = decision;
    const hash = sequence.toString(16).padStart(64, "0");
    this.decisions.push({
      sequence,
      action,
      reason,
      decision: decision as unknown as Record<string, unknown>,
      hash,
      limit: null,
      createdAt: this.time(),
    });
    if (decision.action === "START_TRIAL") {
      const about = this.trials.find((trial) => trial.number === decision.about);
      if (about !== undefined) about.nextStep = decision.nextStep;
      this.#addTrial(decision.capacity);
    }
    if (decision.action === "FINISH") {
      const about = this.trials.find((trial) => trial.number === decision.about);
      if (about !== undefined) about.nextStep = "DONE";
      const winner = this.trials.find((trial) => trial.number === decision.winner);
      if (winner !== undefined) winner.winner = true;
    }
    const asked = decision.action === "FINISH" ? [] : decision.runs;
    const number = decision.action === "ADD_RUNS" || decision.action === "CHANGE_RECIPE" ? decision.trial : this.trials.length;
    for (const run of asked) this.addRun(number, run.purpose, run.seed, run.learningRate, run.fold, run.maxEpochs);
    this.emit("decision.made", { sequence, action, reason });
    const trial = this.trials.at(-1);
    if (decision.action === "START_TRIAL" && trial) this.emit("trial.started", { trialId: trial.id, number: trial.number });
  }

  #addTrial({ hiddenLayers, nodesPerLayer }: Capacity): void {
    const number = this.trials.length + 1;
    const { inputs, outputs } = this.experiment.plan;
    this.trials.push({
      id: `tri_${this.experiment.id.slice(4)}x${number}`,
      number,
      hiddenLayers,
      nodesPerLayer,
      parameterCount: parameterCount(inputs, { hiddenLayers, nodesPerLayer }, outputs),
      state: "PENDING",
      score: null,
      metrics: null,
      nextStep: null,
      verdict: null,
      winner: false,
      runs: [],
    });
  }

  trial(number: number): TrialView {
    const trial = this.trials.find((candidate) => candidate.number === number);
    if (trial === undefined) throw new Error(`the story has no trial ${number}`);
    return trial;
  }

  addRun(trialNumber: number, purpose: RunPurpose, seed: number, learningRate: number, fold = 0, maxEpochs?: number): RunView {
    this.#runs += 1;
    const run: RunView = {
      id: `run_${this.experiment.id.slice(4)}x${this.#runs}`,
      purpose,
      seed,
      fold,
      learningRate,
      ...(maxEpochs === undefined ? {} : { maxEpochs }),
      state: "QUEUED",
      epochs: 0,
      bestEpoch: null,
      validationLoss: null,
      trainingLoss: null,
      metrics: null,
      capped: false,
      trainMs: null,
      weightsHash: null,
      reason: null,
      diagnostics: null,
      reusedFrom: null,
      standsFor: null,
      startedAt: null,
      endedAt: null,
    };
    this.trial(trialNumber).runs.push(run);
    return run;
  }

  /** The trial's run at a place, from 0. */
  run(trialNumber: number, place: number): RunView {
    const run = this.trial(trialNumber).runs[place];
    if (run === undefined) throw new Error(`trial ${trialNumber} has no run ${place}`);
    return run;
  }

  startRun(trialNumber: number, place: number): void {
    const run = this.run(trialNumber, place);
    run.state = "RUNNING";
    run.startedAt = this.time();
    this.trial(trialNumber).state = "RUNNING";
    this.emit("run.started", { runId: run.id, trialId: this.trial(trialNumber).id });
  }

  /** Every epoch has its metrics, every third its layers' health: units die and gradients shrink as it trains. */
  addEpochs(trialNumber: number, place: number, bare: readonly Epoch[]): void {
    const run = this.run(trialNumber, place);
    const { hiddenLayers } = this.trial(trialNumber);
    const come = bare.map((epoch): Epoch => {
      const diagnostics = Array.from({ length: hiddenLayers }, (_, layer) => ({
        deadFraction: Math.min(0.9, 0.004 * epoch.epoch * (hiddenLayers - layer)),
        gradientNorm: 0.4 / (4 ** (hiddenLayers - 1 - layer) * (1 + epoch.epoch / 10)),
        updateRatio: 0.004 / (1 + epoch.epoch / 8),
        saturatedFraction: 0,
      }));
      return { ...epoch, metrics: this.metrics(epoch.validationLoss), ...(epoch.epoch % 3 === 1 ? { diagnostics } : {}) };
    });
    this.epochs.set(run.id, [...(this.epochs.get(run.id) ?? []), ...come]);
    run.epochs = come.at(-1)?.epoch ?? run.epochs;
    for (const listener of this.listeners) listener.epochs({ runId: run.id, trialId: this.trial(trialNumber).id, epochs: [...come] });
  }

  endRun(trialNumber: number, place: number, diagnostics: Diagnostics | null): void {
    const run = this.run(trialNumber, place);
    const curve = this.epochs.get(run.id) ?? [];
    const best = curve.reduce<Epoch | null>(
      (least, epoch) => (least === null || epoch.validationLoss < least.validationLoss ? epoch : least),
      null,
    );
    run.state = "COMPLETED";
    run.endedAt = this.time();
    run.trainMs = curve.length * 180;
    run.bestEpoch = best?.epoch ?? null;
    run.validationLoss = best?.validationLoss ?? null;
    run.trainingLoss = best?.trainingLoss ?? null;
    run.metrics = best === null ? null : this.metrics(best.validationLoss);
    run.diagnostics = diagnostics;
    run.weightsHash = "ab".repeat(32);
    this.emit("run.ended", { runId: run.id, trialId: this.trial(trialNumber).id, state: run.state });
  }

  metrics(loss: number): NonNullable<RunView["metrics"]> {
    if (this.experiment.task === "classification") return { logLoss: loss, accuracy: Math.exp(-loss) };
    const squared = loss * this.experiment.plan.targetDeviation ** 2;
    return {
      meanSquaredError: squared,
      rootMeanSquaredError: Math.sqrt(squared),
      meanAbsoluteError: Math.sqrt(squared) * 0.78,
      r2: 1 - loss,
    };
  }

  /** One attempt a run; the first run of the second trial lost its worker once. */
  attempts(trial: TrialView, workerId = "wrk_1"): AttemptView[] {
    return trial.runs.flatMap((run, place): AttemptView[] => {
      if (run.startedAt === null) return [];
      const from = Date.parse(this.experiment.createdAt) + trial.number * 9_000 + place * 4_000;
      const attempt = (number: number, startMs: number, endMs: number, end: AttemptView["end"]): AttemptView => ({
        assignmentId: `asg_${run.id}`,
        number,
        workerId,
        startedAt: new Date(startMs).toISOString(),
        endedAt: new Date(endMs).toISOString(),
        end,
        detail: end === "lease_lost" ? "the worker was not heard of" : null,
      });
      const lost = trial.number === 2 && place === 0;
      return [
        ...(lost ? [attempt(1, from - 1_500, from, "lease_lost")] : []),
        attempt(lost ? 2 : 1, from, from + (run.trainMs ?? 4_000), "completed"),
      ];
    });
  }

  divergeRun(trialNumber: number, place: number): void {
    const run = this.run(trialNumber, place);
    run.state = "DIVERGED";
    run.endedAt = this.time();
    run.trainMs = 300;
    run.reason = "The loss became infinite in epoch 1.";
    this.emit("run.ended", { runId: run.id, trialId: this.trial(trialNumber).id, state: run.state });
  }

  completeTrial(trialNumber: number, verdict: string | null): void {
    const trial = this.trial(trialNumber);
    const whole = trial.runs.filter((run) => run.maxEpochs === undefined);
    const losses = whole.flatMap((run) => (run.validationLoss === null ? [] : [run.validationLoss]));
    trial.state = "COMPLETED";
    // Of several learning rates the best stands for the trial; of replicates their geometric mean.
    const sweep = new Set(whole.map((run) => run.learningRate)).size > 1;
    trial.score = sweep ? Math.min(...losses) : Math.exp(losses.reduce((sum, loss) => sum + Math.log(loss), 0) / losses.length);
    for (const run of trial.runs) {
      const scored = run.validationLoss !== null && (!sweep || run.validationLoss === trial.score);
      run.standsFor = scored ? "score" : null;
    }
    trial.metrics = this.metrics(trial.score);
    trial.verdict = verdict;
    this.emit("trial.completed", { trialId: trial.id, number: trial.number, score: trial.score, runs: losses.length });
  }

  answer(answer: Answer): void {
    this.experiment.answer = answer as unknown as ExperimentView["answer"];
    this.emit("answer.ready", { trial: answer.trial, sentence: answer.sentence });
    this.state("SUCCEEDED");
  }
}
