/** What is believed of trainings before they are made: learned from this owner's earlier runs where there are any, else what was measured elsewhere. */
import type { ExperimentEstimate } from "@rightsize/contract";
import {
  canonicalText,
  capacityText,
  type ExperimentPlan,
  type ExperimentSpec,
  type LearningRate,
  type Recipe,
  type TrainedRun,
} from "@rightsize/core";
import { epochSlope, type TrainingBeliefs, type TriedSize } from "@rightsize/policy";
import { assignmentMs } from "./training-time.ts";

export interface Beliefs {
  readonly training: TrainingBeliefs;
  /** This machine's time over the formula's. */
  readonly slowness: number;
  readonly sources: Pick<ExperimentEstimate["sources"], "epochs" | "speed" | "noise">;
}

/** Fitted by eye to fourteen tables of 250 to 18,000 training rows (test/bench/estimate/README.md): 1×64 is best after 60 epochs at 1,000 rows, more with more rows. */
const bestEpochAt = { rows: 1000, epochs: 60, power: 0.7, least: 10, most: 130 } as const;
/** How far tables were from it, and runs of one size from each other (log scale). */
const spreads = { tables: 0.7, runs: 0.3, noise: 0.5 } as const;
/** Deviation of one fit around its size's mean: what preset `default` believes too. */
const noiseAt = 0.05;
/** Earlier runs weigh against a belief of this many. */
const beliefWeight = 4;
/** Without runs to go by: a common machine at work is somewhat slower than the quiet one that was measured. */
const commonSlowness = 1.3;

/** Pure: the same question and the same earlier runs give the same beliefs. */
export function beliefsOf(spec: ExperimentSpec, plan: ExperimentPlan, earlier: readonly TrainedRun[]): Beliefs {
  const onThisEngine = earlier.filter(({ engine }) => engine === spec.engine.name);
  // Runs that were cut short tell how fast this machine is, not how long a training takes or how well it ends.
  const whole = onThisEngine.filter(({ maxEpochs }) => maxEpochs === undefined);
  const epochs = learnEpochs(spec, plan, whole);
  const losses = learnLosses(spec, plan, whole);
  const speed = learnSpeed(onThisEngine);
  return {
    training: {
      bestEpoch: epochs.bestEpoch,
      bestEpochSpread: epochs.spread,
      runSpread: spreads.runs,
      noise: losses.noise,
      noiseSpread: losses.spread,
      known: losses.known,
    },
    slowness: speed.slowness,
    sources: { epochs: epochs.source, speed: speed.source, noise: losses.source },
  };
}

function learnEpochs(spec: ExperimentSpec, plan: ExperimentPlan, earlier: readonly TrainedRun[]) {
  const believed = believedBestEpoch(spec.recipe, plan.trainingRows);
  const alike = earlier.filter((run) => run.dataset === spec.dataset && run.target === spec.target);
  if (alike.length === 0) {
    const sentence = `Nothing was trained on this target before: a network of 1×64 is believed to be best after about ${Math.round(believed)} epochs (tables differ by a factor of two).`;
    return { bestEpoch: believed, spread: spreads.tables, source: { kind: "default" as const, runs: 0, sentence } };
  }
  // Each run says how much later than believed its size was best; runs of one table say the same thing again, so they weigh less and less.
  const shifts = alike.map(
    (run) =>
      Math.log(Math.max(1, run.bestEpoch) / believedBestEpoch(withRate(run.recipe, run.learningRate), run.trainingRows)) -
      epochSlope(run.capacity),
  );
  const shift = mean(shifts);
  const bestEpoch = believed * Math.exp(shift);
  const spread = spreads.tables * Math.sqrt(1 / (1 + alike.length));
  const sentence = `From ${runsText(alike.length)} on this target: a network of 1×64 is best after about ${Math.round(bestEpoch)} epochs.`;
  return { bestEpoch, spread, source: { kind: "earlier_runs" as const, runs: alike.length, sentence } };
}

/** Best epoch of 1×64: more with more rows and patience, fewer at higher rates (by the square root of the rate over Adam's usual 0.001). */
function believedBestEpoch(recipe: Recipe, trainingRows: number): number {
  const { rows, epochs, power, least, most } = bestEpochAt;
  const byRows = Math.min(most, Math.max(least, epochs * (trainingRows / rows) ** power));
  const byPatience = Math.min(1.5, Math.max(0.3, (recipe.patience / 20) ** 0.3));
  const usualRate = recipe.optimizer.kind === "sgd" ? 0.05 : 0.001;
  return byRows * byPatience * Math.min(10, Math.max(0.1, Math.sqrt(usualRate / middleRate(recipe.learningRate))));
}

function middleRate(rate: LearningRate): number {
  if (rate.kind === "fixed") return rate.value;
  return Math.exp(mean(rate.values.map(Math.log)));
}

/** Levels and noise from runs of the very same plan and recipe: only their losses are comparable. */
function learnLosses(spec: ExperimentSpec, plan: ExperimentPlan, earlier: readonly TrainedRun[]) {
  const recipe = recipeText(spec.recipe);
  const alike = earlier.filter((run) => run.plan === plan.artifact && run.validationLoss > 0 && recipeText(run.recipe) === recipe);
  const foldMeans = new Map<number, number>();
  for (const [fold, runs] of groupsBy(alike, ({ fold }) => fold))
    foldMeans.set(fold, mean(runs.map(({ validationLoss }) => Math.log(validationLoss))));
  const overall = mean([...foldMeans.values()]);
  // Folds differ in difficulty: each loss is freed of its fold's mean before sizes are compared.
  const logs = alike.map((run) => ({ ...run, log: Math.log(run.validationLoss) - (foldMeans.get(run.fold) ?? 0) + overall }));
  const sizes = [...groupsBy(logs, ({ capacity }) => capacityText(capacity)).values()];
  let squares = beliefWeight * noiseAt ** 2;
  let degrees = beliefWeight;
  for (const runs of sizes) {
    const centre = mean(runs.map(({ log }) => log));
    for (const { log } of runs) squares += (log - centre) ** 2;
    degrees += runs.length - 1;
  }
  const noise = Math.sqrt(squares / degrees);
  const known: TriedSize[] = sizes.map((runs) => ({
    capacity: (runs[0] as TrainedRun).capacity,
    level: mean(runs.map(({ log }) => log)),
    variance: noise ** 2 / runs.length,
  }));
  const spread = spreads.noise * Math.sqrt(beliefWeight / degrees);
  const percent = `${(100 * noise).toFixed(1)} %`;
  const replicates = degrees - beliefWeight;
  if (replicates <= 0) {
    const sentence = `Two fits of one network are believed to differ by about ${percent} of the loss (one to sixteen on the tables that were measured).`;
    return { noise, spread, known, source: { kind: "default" as const, runs: 0, sentence } };
  }
  const sentence = `From ${runsText(alike.length)} of the same question: fits of one network differ by about ${percent} of the loss.`;
  return { noise, spread, known, source: { kind: "earlier_runs" as const, runs: alike.length, sentence } };
}

/** The median over earlier assignments of their time over the formula's; very short ones say little. */
function learnSpeed(earlier: readonly TrainedRun[]) {
  const ratios = [...groupsBy(earlier, ({ assignmentId }) => assignmentId).values()].flatMap((runs) => {
    const took = runs.reduce((sum, { trainMs }) => sum + trainMs, 0);
    const modelled = assignmentMs(
      runs[0] as TrainedRun,
      runs.map(({ epochs }) => epochs),
    );
    return took >= leastTimedMs && modelled > 0 ? [took / modelled] : [];
  });
  if (ratios.length === 0) {
    const sentence =
      "Nothing was trained here before: times are those of a common processor core, and may be off by a factor of two or three.";
    return { slowness: commonSlowness, source: { kind: "default" as const, runs: 0, sentence } };
  }
  const slowness = median(ratios);
  const sentence = `From ${ratios.length} earlier ${ratios.length === 1 ? "assignment" : "assignments"} here, which took ${slowness.toFixed(2)} times as long as on the machine that the formula was measured on.`;
  return { slowness, source: { kind: "earlier_runs" as const, runs: ratios.length, sentence } };
}
const leastTimedMs = 50;

/** What two recipes must share for their losses to be comparable: all but how long they may train and the rate, which repairs and sweeps change. */
function recipeText({ maxEpochs: _epochs, learningRate: _rate, ...recipe }: Recipe): string {
  return canonicalText(recipe);
}
function withRate(recipe: Recipe, value: number): Recipe {
  return { ...recipe, learningRate: { kind: "fixed", value } };
}
function groupsBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
function runsText(count: number): string {
  return `${count} earlier ${count === 1 ? "run" : "runs"}`;
}
function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
