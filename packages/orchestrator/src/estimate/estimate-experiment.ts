/**
 * What an experiment would take, before anything is trained: the preset is played over made-up losses (packages/policy), each played
 * training's time comes from a formula and what was measured here, and the limits cut each search where they would cut the real one.
 */
import type { EstimateRange, ExperimentEstimate } from "@rightsize/contract";
import type { ExperimentPlan, ExperimentSpec, LimitReached, TrainedRun } from "@rightsize/core";
import { beliefsOf } from "./beliefs.ts";
import { estimateSentence, gapSentence, percentOf } from "./estimate-sentences.ts";
import { mostTrials, type PlayedSearch, playSearches, shapeOf, sizeOf } from "./played-search.ts";
import { trainerMemory } from "./training-time.ts";

/** Everything an estimate is made from; plain data. */
export interface EstimateQuestion {
  readonly spec: ExperimentSpec;
  readonly plan: ExperimentPlan;
  /** Slots and memory of live workers that have the experiment's engine. */
  readonly workers: readonly { readonly slots: number; readonly memoryBytes: number }[];
  readonly earlier: readonly TrainedRun[];
}

/**
 * Deviation of the difference between two good networks' losses on one row, over the mean loss: measured between seeds of 1×64, and
 * 2×128, on fourteen tables (0.16 to 3.4, in the middle 0.6; test/bench/estimate/README.md).
 */
const rowDeviation = 0.6;
/** Two-sided 95 % of the normal distribution. */
const normal95 = 1.96;

/** Pure: equal questions have equal estimates. Throws what the preset throws. */
export function estimateExperiment(question: EstimateQuestion): ExperimentEstimate {
  const { spec, plan, workers } = question;
  const beliefs = beliefsOf(spec, plan, question.earlier);
  const liveSlots = workers.reduce((sum, { slots }) => sum + slots, 0);
  const played = playSearches({ spec, plan, beliefs, slots: Math.max(1, liveSlots) });
  const range = (pick: (search: PlayedSearch) => number): EstimateRange => rangeOf(played.map(pick));
  const largest = played.map((search) => search.largest).reduce((most, one) => (sizeOf(plan, one) > sizeOf(plan, most) ? one : most));
  const tableRows = plan.trainingRows + plan.validationRows + plan.testRows;
  const memory = trainerMemory(shapeOf(plan, spec.recipe, largest), tableRows);
  const gaps = range(({ gap }) => gap);
  const tested = played.some(({ tested: one }) => one);
  const rows = (normal95 * rowDeviation) / Math.sqrt(plan.validationRows * Math.max(1, plan.folds));
  const endedByLimit = mostFrequentLimit(played);
  const unfinished = played.filter(({ unfinished: one }) => one).length;
  const leastMemory = Math.min(...workers.map(({ slots, memoryBytes }) => memoryBytes / Math.max(1, slots)));
  const warnings = [
    ...plan.warnings,
    ...(liveSlots === 0
      ? [`slots: no live worker has the engine ${spec.engine.name}; wall time is that of one slot, once there is one`]
      : []),
    ...(endedByLimit === null
      ? []
      : [`limit: ${limitText(endedByLimit.kind)} ends ${percentOf(endedByLimit.fraction)} of the played searches before they are done`]),
    ...(unfinished === 0 ? [] : [`length: this search may go on beyond ${mostTrials} trials; the figures are for the first ${mostTrials}`]),
    ...(memory.perSlot > leastMemory
      ? [`memory: a trainer may need ${(memory.perSlot / 1e9).toFixed(1)} GB, more than a worker has for each of its slots`]
      : []),
  ];
  const estimate = {
    dryRun: true as const,
    trials: range(({ trials }) => trials),
    runs: range(({ runs }) => runs),
    cpuSeconds: range(({ cpuMs }) => cpuMs / 1000),
    wallSeconds: range(({ wallMs }) => wallMs / 1000),
    slots: liveSlots,
    largestNetwork: { capacity: { ...largest }, parameterCount: sizeOf(plan, largest) },
    memoryBytes: { perSlot: memory.perSlot, tensors: memory.tensors },
    detectableGap: { runs: gaps, rows, tested, sentence: gapSentence({ runs: gaps, rows, tested }, plan) },
    endedByLimit,
    sources: {
      searches: {
        played: played.length,
        sentence: `${played.length} searches of preset ${spec.search.preset} were played over made-up losses${beliefs.training.known.length > 0 ? ` that agree with the ${beliefs.training.known.length} sizes trained before` : ""}.`,
      },
      ...beliefs.sources,
    },
    warnings,
  };
  return { ...estimate, sentence: estimateSentence(estimate), plan: planView(plan) };
}

function mostFrequentLimit(played: readonly PlayedSearch[]): ExperimentEstimate["endedByLimit"] {
  const counts = new Map<LimitReached["kind"], number>();
  for (const { limit } of played) if (limit !== null) counts.set(limit, (counts.get(limit) ?? 0) + 1);
  const [first] = [...counts].sort((a, b) => b[1] - a[1]);
  return first === undefined || 2 * first[1] < played.length ? null : { kind: first[0], fraction: first[1] / played.length };
}

function limitText(kind: LimitReached["kind"]): string {
  switch (kind) {
    case "trials":
      return "limits.maxTrials";
    case "parameters":
      return "limits.maxParameterCount";
    case "cpu":
      return "limits.cpuSeconds";
    case "wall_time":
      return "limits.wallSeconds";
    default:
      return kind satisfies never;
  }
}

/** The 10th, 50th and 90th percentile. */
function rangeOf(values: readonly number[]): EstimateRange {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { low: at(0.1), expected: at(0.5), high: at(0.9) };
}

function planView({ artifact: _artifact, meanPredictorLoss: _mean, ...plan }: ExperimentPlan): ExperimentEstimate["plan"] {
  return {
    ...plan,
    leftOut: plan.leftOut.map((column) => ({ ...column })),
    featureColumns: [...plan.featureColumns],
    classes: [...plan.classes],
    warnings: [...plan.warnings],
  };
}
