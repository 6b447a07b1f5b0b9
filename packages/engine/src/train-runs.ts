/** Several runs of one capacity handed over together: side by side in one graph where they are small, else one after another. */
import { canonicalText, type Engine, type NetworkSession, type NetworkSpec, type TensorTable } from "@rightsize/core";
import type { TrainHooks, TrainJob, TrainOutcome } from "./train-job.ts";
import { resolveJob, trainRun, trainSession } from "./train-run.ts";

/** An engine that can train networks of one shape side by side, with the bits they would have alone. */
export interface FusingEngine extends Engine {
  /** Whether a network is small enough to gain from it; a matter of its shape and recipe alone. */
  fuses(network: NetworkSpec): boolean;
  /** One session a seed; a chunk of one waits for the others until they are disposed of. */
  openTogether(network: NetworkSpec, table: TensorTable, seeds: readonly number[]): Promise<readonly NetworkSession[]>;
}
function canFuse(engine: Engine): engine is FusingEngine {
  return "openTogether" in engine;
}

/** One run of several, with its own hooks and its own signal. */
export interface TogetherRun {
  readonly job: TrainJob;
  readonly hooks: TrainHooks;
  /** Called when the run ends; its failure is told by `trainRuns` rejecting, when the others have ended too. */
  onEnd?(outcome: TrainOutcome): Promise<void> | void;
}

/**
 * Trains runs that differ in seed, learning rate, rows or checkpoint only, and gives their outcomes in order. Each has exactly
 * the bits it would have alone; one that diverges or is stopped leaves the others to go on. Runs that can't share a graph
 * (large networks, another table or recipe, engines that don't fuse) are trained one after another.
 */
export async function trainRuns(engine: Engine, runs: readonly TogetherRun[]): Promise<readonly TrainOutcome[]> {
  const jobs = runs.map(({ job }) => resolveJob(job));
  const [first] = jobs;
  if (first === undefined) return [];
  if (!canFuse(engine) || runs.length === 1 || !engine.fuses(first.network) || !alike(jobs)) {
    const outcomes: TrainOutcome[] = [];
    for (const run of runs) {
      const outcome = await trainRun(engine, run.job, run.hooks);
      await run.onEnd?.(outcome);
      outcomes.push(outcome);
    }
    return outcomes;
  }
  const sessions = await engine.openTogether(
    first.network,
    first.tensors,
    jobs.map(({ seed }) => seed),
  );
  const clock = createSharedClock(runs.length, () => (runs[0] as TogetherRun).hooks.now());
  const ends = await Promise.allSettled(
    runs.map(async ({ hooks, onEnd }, index) => {
      // equal chunks keep the runs in step, so that none waits with a rest of steps
      const together = { ...hooks, chunkSteps: hooks.chunkSteps ?? chunkSteps, trainingClock: clock.read };
      const outcome = await trainSession(engine, sessions[index] as NetworkSession, jobs[index] as TrainJob, together).finally(clock.leave);
      await onEnd?.(outcome);
      return outcome;
    }),
  );
  return ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}

/** Small networks take 5 to 20 µs a step each: 16 of them stay below 100 ms a chunk. */
const chunkSteps = 256;

/** A clock for runs side by side: each counts its share of the time, so that the sum over the runs is the time that was spent. */
function createSharedClock(runs: number, now: () => number): { read(): number; leave(): void } {
  let active = runs;
  let at = now();
  let shared = 0;
  const read = () => {
    const time = now();
    shared += (time - at) / Math.max(1, active);
    at = time;
    return shared;
  };
  return {
    read,
    leave() {
      read();
      active--;
    },
  };
}

/** Whether jobs share table, shape, recipe and class weights. */
function alike(jobs: readonly TrainJob[]): boolean {
  const text = (job: TrainJob) => canonicalText({ ...job.network, recipe: { ...job.recipe, learningRate: null } });
  const [first] = jobs as [TrainJob];
  return jobs.every((job) => job.tensors === first.tensors && text(job) === text(first));
}
