/** One search played ahead and timed: how far its limits let it come, what its trainings take, and what its last comparisons could see. */
import {
  type Capacity,
  type ExperimentPlan,
  type ExperimentSpec,
  type History,
  type LimitReached,
  linearModel,
  parameterCount,
  type Recipe,
} from "@rightsize/core";
import { finalGap, gapOfFits, playAhead, readTrials, summariseTrial } from "@rightsize/policy";
import { limitBefore, timeLimitPassed } from "../decide-within-limits.ts";
import { policyContext } from "../history.ts";
import type { Beliefs } from "./beliefs.ts";
import { assignmentMs, assignmentsOf, epochMs, makespan, type TrainingShape } from "./training-time.ts";

/** A search is played no further than this many trials; a longer one is estimated for these. */
export const mostTrials = 100;
/** Decisions played in all, and the fewest and most searches they are spent on. */
const playedDecisions = 300;
const searches = { least: 5, most: 30 } as const;
/** From a run's commit to the next decision's first step, in milliseconds (test/bench/service: 34 to 57). */
const decisionMs = 50;
/** Scoring the test rows and packing the model, in milliseconds. */
const packingMs = 300;
/** What is asked, and what is believed of its trainings. */
export interface Playing {
  readonly spec: ExperimentSpec;
  readonly plan: ExperimentPlan;
  readonly beliefs: Beliefs;
  /** At least 1. */
  readonly slots: number;
}
export interface PlayedSearch {
  readonly trials: number;
  readonly runs: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly largest: Capacity;
  /** The smallest difference that its last comparisons, or as many fits as each trial has, could show. */
  readonly gap: number;
  /** Whether it ended with comparisons that have a word. */
  readonly tested: boolean;
  /** The limit of the experiment that ended it; null where none did. */
  readonly limit: LimitReached["kind"] | null;
  /** Whether it was played no further, and would go on. */
  readonly unfinished: boolean;
}

/** Plays searches: fewer of long ones. Pure: equal arguments give equal searches. */
export function playSearches(playing: Playing): readonly PlayedSearch[] {
  const context = policyContext(playing.spec, playing.plan);
  const played: PlayedSearch[] = [];
  let decisions = 0;
  for (let draw = 0; draw < searches.most && (draw < searches.least || decisions < playedDecisions); draw++) {
    const history = playAhead(context, playing.beliefs.training, draw, mostTrials);
    decisions += history.length;
    played.push(measured(history, playing));
  }
  return played;
}

function measured(history: History, playing: Playing): PlayedSearch {
  const { spec, plan, beliefs } = playing;
  const { part, limit, cpuMs, wallMs } = withinLimits(history, playing);
  const trials = readTrials(part);
  const gap = limit === null ? finalGap(history) : null;
  const fits = trials.map(({ number }) => summariseTrial(part, number).fits.length).filter((count) => count > 0);
  const finaliseMs = packingMs + beliefs.slowness * linearBaselineMs(plan, spec.recipe, beliefs);
  return {
    trials: trials.length,
    runs: part.reduce((sum, { outcomes }) => sum + outcomes.length, 0),
    cpuMs: cpuMs + finaliseMs,
    wallMs: wallMs + finaliseMs + decisionMs,
    largest: trials
      .map(({ capacity }) => capacity)
      .reduce((most, one) => (sizeOf(plan, one) > sizeOf(plan, most) ? one : most), linearModel),
    gap: gap ?? gapOfFits({ noise: beliefs.training.noise, fits: fits.length === 0 ? 1 : Math.min(...fits) }),
    tested: gap !== null,
    limit,
    unfinished: limit === null && (history.at(-2)?.limit ?? null) !== null,
  };
}

/** The part of a search that its experiment's limits allow, and its time; as in the real one, a limit on time ends what is trained then. */
function withinLimits(
  history: History,
  { spec, plan, beliefs, slots }: Playing,
): Pick<PlayedSearch, "limit" | "cpuMs" | "wallMs"> & { readonly part: History } {
  const context = policyContext(spec, plan);
  let cpuMs = 0;
  let wallMs = 0;
  for (const [index, { decision, outcomes }] of history.entries()) {
    const part = history.slice(0, index);
    const spent = { cpuSeconds: cpuMs / 1000, wallSeconds: wallMs / 1000 };
    const limit = index === 0 ? null : (limitBefore(decision, context, spec.limits, part, spent)?.kind ?? null);
    if (limit !== null || decision.action === "FINISH") return { part, limit, cpuMs, wallMs };
    const trials = readTrials(history.slice(0, index + 1));
    const trial = decision.action === "START_TRIAL" ? trials.at(-1) : trials[decision.trial - 1];
    if (trial === undefined) throw new RangeError(`decision ${index} is about no trial`);
    const recipe = { ...spec.recipe, ...trial.change };
    const shape = shapeOf(plan, recipe, trial.capacity);
    const groups = assignmentsOf(
      shape,
      recipe,
      spec.engine.name,
      outcomes.map(({ fold }) => fold),
    );
    const times = groups.map(
      (group) =>
        beliefs.slowness *
        assignmentMs(
          shape,
          group.map((at) => outcomes[at]?.epochs ?? 0),
        ),
    );
    const [trainedMs, passedMs] = [times.reduce((sum, time) => sum + time, 0), makespan(times, slots) + decisionMs];
    const after = { cpuSeconds: (cpuMs + trainedMs) / 1000, wallSeconds: (wallMs + passedMs) / 1000 };
    const passed = timeLimitPassed(spec.limits, after);
    // The share of this decision's time that the limits leave.
    const left = Math.min(1, share(spec.limits.cpuSeconds, cpuMs, trainedMs), share(spec.limits.wallSeconds, wallMs, passedMs));
    cpuMs += left * trainedMs;
    wallMs += left * passedMs;
    if (passed !== null) return { part: history.slice(0, index + 1), limit: passed.kind, cpuMs, wallMs };
  }
  return { part: history, limit: null, cpuMs, wallMs };
}

/** How much of what is to come until a limit fits before it, in [0, …]; Infinity without a limit. */
function share(limitSeconds: number | null | undefined, beforeMs: number, comesMs: number): number {
  return limitSeconds == null || comesMs === 0 ? Number.POSITIVE_INFINITY : (limitSeconds * 1000 - beforeMs) / comesMs;
}

/** The linear baseline of the end: patience 20 at ten times the usual rate, at which it is best about three times sooner. */
function linearBaselineMs(plan: ExperimentPlan, recipe: Recipe, beliefs: Beliefs): number {
  return epochMs(shapeOf(plan, recipe, linearModel)) * (20 + 0.5 * beliefs.training.bestEpoch);
}

export function shapeOf(
  { inputs, outputs, trainingRows, validationRows }: ExperimentPlan,
  recipe: Recipe,
  capacity: Capacity,
): TrainingShape {
  return { capacity, inputs, outputs, trainingRows, validationRows, recipe };
}

export function sizeOf(plan: ExperimentPlan, capacity: Capacity): number {
  return parameterCount(plan.inputs, capacity, plan.outputs);
}
