/**
 * Preset `course`: the course's rule to the letter. One fit a rung, strictly better or not, no ties.
 *
 * - The rungs: the first `nodes` with one hidden layer, then the wider `nodes`, then `layerStep` layers more at the widest, up to
 *   `layerCeiling`. Each rung that is strictly better than the best so far is answered by the next rung (INCREASE_CAPACITY).
 * - The first rung that isn't better, a widening as much as a deepening, ends the climb: step back (DECREASE_CAPACITY) to its nodes
 *   × `stepBack.factor` at its own depth, then done. So 1×250 worse than 1×100 is followed by 1×200 and the end.
 *   With `stepBack.count` > 1 it steps back again from there, until a step is strictly better than the best so far or the count is
 *   spent. A size that was tried already is left out.
 * - The ceiling reached without a failure: done, verdict `ceiling`.
 * - An equal score is not better. A diverged run has no score and is not better; a first rung without a score is stepped back from
 *   like any other. With a sweep of learning rates each rung has one run a rate and the best stands for it; with probes of them a
 *   short run a rate, then its one fit at the best of them. All diverged is no score.
 * - The answer is the trial with the best score, wherever its row stands; the first of equals. Nothing scored: `nothing_trainable`.
 * - Folds are not used: every fit is on fold 0.
 */
import { type Capacity, capacityText, courseRecipe, type Decision, type History, type PolicyContext, sameCapacity } from "@rightsize/core";
import { z } from "zod";
import { bareComparison, evidenceOf } from "../evidence.ts";
import { firstRuns, fitsAfterProbes } from "../fits-of-a-trial.ts";
import { numberText, pairText } from "../numbers.ts";
import { definePreset } from "../preset.ts";
import { readTrials, summarise, type TrialView } from "../trials.ts";

const rule = "course: strictly better";

/** The schema: the course's rungs as data. */
export const courseParameters = z.strictObject({
  nodes: z
    .array(z.int("a whole number").min(1, "at least 1").max(65_536, "at most 65536"), "a list of whole numbers")
    .min(1, "at least one number")
    .max(16, "at most 16 numbers")
    .refine(
      (nodes) => nodes.every((count, index) => index === 0 || count > (nodes[index - 1] ?? 0)),
      "numbers that rise from each to the next",
    )
    .default([100, 250])
    .meta({ description: "Nodes per layer of the rungs with one hidden layer, rising; deeper rungs use the last" }),
  layerStep: z
    .int("a whole number")
    .min(1, "at least 1")
    .max(8, "at most 8")
    .default(1)
    .meta({ description: "Hidden layers added by each deeper rung" }),
  layerCeiling: z
    .int("a whole number")
    .min(1, "at least 1")
    .max(8, "at most 8")
    .default(8)
    .meta({ description: "Most hidden layers of any rung" }),
  stepBack: z
    .strictObject({
      factor: z
        .number("a number")
        .gt(0, "more than 0")
        .lt(1, "less than 1")
        .default(0.8)
        .meta({ description: "Nodes after a step back, as a share of those before, in (0, 1)" }),
      count: z.int("a whole number").min(0, "at least 0").max(8, "at most 8").default(1).meta({ description: "Most steps back" }),
    })
    .prefault({})
    .meta({ description: "What follows the first rung that is not better" }),
});
/** All parameters of the preset, defaults filled in. */
export type CourseParameters = z.output<typeof courseParameters>;

/** The rungs of a climb without a failure, smallest first. */
export function courseRungs({ nodes, layerStep, layerCeiling }: CourseParameters): readonly Capacity[] {
  const widest = nodes[nodes.length - 1] ?? 1;
  const rungs = nodes.map((nodesPerLayer) => ({ hiddenLayers: 1, nodesPerLayer }));
  for (let layers = 1 + layerStep; layers <= layerCeiling; layers += layerStep) rungs.push({ hiddenLayers: layers, nodesPerLayer: widest });
  return rungs;
}

/** Capacities to step back to from a rung that failed, nearest first: whole nodes, at least 1, without those that were tried. */
function stepsBack(failed: Capacity, { stepBack }: CourseParameters, tried: readonly Capacity[]): readonly Capacity[] {
  const steps: Capacity[] = [];
  let nodes = failed.nodesPerLayer;
  for (let step = 0; step < stepBack.count; step++) {
    nodes *= stepBack.factor;
    const capacity = { hiddenLayers: failed.hiddenLayers, nodesPerLayer: Math.max(1, Math.round(nodes)) };
    if (![...tried, ...steps].some((other) => sameCapacity(other, capacity))) steps.push(capacity);
  }
  return steps;
}

function next(context: PolicyContext, parameters: CourseParameters, history: History): Decision {
  const trials = readTrials(history);
  const probed = fitsAfterProbes(rule, context, trials, 1);
  if (probed !== null) return probed;
  const rungs = courseRungs(parameters);
  const latest = trials[trials.length - 1];
  const failedAt = trials.findIndex((trial, index) => !isBetter(trial, bestOf(trials.slice(0, index))));
  const start = (capacity: Capacity, nextStep: "INCREASE_CAPACITY" | "DECREASE_CAPACITY" | null): Decision => ({
    action: "START_TRIAL",
    about: latest?.number ?? null,
    nextStep,
    capacity,
    runs: firstRuns(context, 1),
    reason:
      nextStep === null
        ? `Start small, with ${capacityText(capacity)}: increase capacity from there while the validation score improves`
        : `${verdictText(trials)}: ${nextStep === "INCREASE_CAPACITY" ? "increase" : "decrease"} capacity to ${capacityText(capacity)}`,
    evidence: evidenceOfLatest(trials),
  });
  if (latest === undefined) return start(rungs[0] as Capacity, null);
  if (failedAt < 0) {
    const rung = rungs[trials.length];
    return rung === undefined ? finish(trials, "ceiling") : start(rung, "INCREASE_CAPACITY");
  }
  const climbed = trials.slice(0, failedAt + 1);
  const back = trials.slice(failedAt + 1);
  const bestClimbed = bestOf(climbed);
  const step = stepsBack(
    (trials[failedAt] as TrialView).capacity,
    parameters,
    climbed.map(({ capacity }) => capacity),
  )[back.length];
  if (step === undefined || back.some((trial) => isBetter(trial, bestClimbed))) return finish(trials, "converged");
  return start(step, "DECREASE_CAPACITY");
}

/** Strictly better than the best so far; any score is better than none. */
function isBetter(trial: TrialView, best: TrialView | null): boolean {
  const { score } = summarise(trial);
  if (score === null) return false;
  return best === null || score < (summarise(best).score as number);
}

/** The first trial with the least score; null when none has one. */
function bestOf(trials: readonly TrialView[]): TrialView | null {
  return trials.reduce<TrialView | null>((best, trial) => (isBetter(trial, best) ? trial : best), null);
}

function finish(trials: readonly TrialView[], verdict: "converged" | "ceiling"): Decision {
  const best = bestOf(trials);
  const base = { action: "FINISH", about: trials.length, evidence: evidenceOfLatest(trials) } as const;
  if (best === null)
    return { ...base, winner: null, verdict: "nothing_trainable", reason: `${verdictText(trials)}, and no other trial has a score: done` };
  const why = verdict === "ceiling" ? "there is no larger rung" : "the climb is over";
  const answer = `the answer is ${capacityText(best.capacity)} with ${numberText(summarise(best).score as number)}`;
  return { ...base, winner: best.number, verdict, reason: `${verdictText(trials)}, and ${why}: done, ${answer}` };
}

/** For example `2×250 scored 4.4, better than 4.8 with 1×250`. */
function verdictText(trials: readonly TrialView[]): string {
  const latest = trials[trials.length - 1] as TrialView;
  const { score } = summarise(latest);
  const name = capacityText(latest.capacity);
  if (score === null) return `${name} has no score (its training diverged), which is not better`;
  const before = bestOf(trials.slice(0, -1));
  if (before === null) return `${name} scored ${numberText(score)}, the first score`;
  const [one, other] = pairText(score, summarise(before).score as number);
  return `${name} scored ${one}, ${isBetter(latest, before) ? "better" : "not better"} than ${other} with ${capacityText(before.capacity)}`;
}

function evidenceOfLatest(trials: readonly TrialView[]) {
  const latest = trials[trials.length - 1];
  const before = bestOf(trials.slice(0, -1));
  if (latest === undefined) return evidenceOf(rule, []);
  if (before === null) return evidenceOf(rule, [latest]);
  const comparison = bareComparison(latest, before);
  return evidenceOf(rule, [before, latest], comparison === null ? [] : [comparison]);
}

/** The course's rule, to the letter. */
export const course = definePreset<CourseParameters>({
  name: "course",
  version: 1,
  summary: "The course's rule: widen, then deepen while the validation score is strictly better, step back once, done. One fit a rung.",
  recipe: courseRecipe,
  parameters: courseParameters,
  next,
});
