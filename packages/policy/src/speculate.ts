/**
 * What idle workers might start before it is asked for: the pure policy is fed made-up outcomes of what is still training, and
 * what it would want next is a candidate. Nothing here changes a decision: a candidate is adopted only if `decide` asks for it.
 */
import {
  type Capacity,
  canonicalText,
  type Decision,
  type Finish,
  type History,
  type PolicyContext,
  parameterCount,
  type RecipeChange,
  type RunOutcome,
  type RunRequest,
} from "@rightsize/core";
import { bestTrial } from "./best-trial.ts";
import { decide } from "./decide.ts";
import { placeOf } from "./replay.ts";
import { meanLoss, readTrials, summarise } from "./trials.ts";

/** The last decision and what has come of it: null where a run is still training. */
export interface Outstanding {
  readonly decision: Exclude<Decision, Finish>;
  readonly outcomes: readonly (RunOutcome | null)[];
}

/** Runs that the policy may ask for soon. */
export interface Speculation {
  /** `replicate` is more runs of a trial that exists, `rate` is a learning-rate probe, `capacity` a trial not yet started. */
  readonly kind: "replicate" | "rate" | "capacity";
  readonly capacity: Capacity;
  /** Changes of recipe that these runs are trained under. */
  readonly change: RecipeChange;
  readonly runs: readonly RunRequest[];
  /** How likely the policy is to ask for exactly this, (0, 1]. */
  readonly probability: number;
}

/** Made-up losses as factors of the reference loss, and how likely each is. About one step in two is an improvement. */
const guesses: readonly (readonly [factor: number, probability: number])[] = [
  [0.8, 0.25],
  [0.97, 0.25],
  [1.03, 0.25],
  [1.25, 0.25],
];
/** Paths less likely than this are not followed. */
const leastProbability = 0.02;

/**
 * Candidates, the first to be started first: replicates, then rate probes, then capacities by probability over training work.
 * `depth` is how many decisions ahead to look (1 is the next one only). Empty when the next decision can only be FINISH.
 */
export function speculate(context: PolicyContext, history: History, outstanding: Outstanding, depth = 2): readonly Speculation[] {
  const found = new Map<string, Speculation>();
  follow(context, history, outstanding, depth, 1, found);
  const worth = ({ capacity, runs, probability }: Speculation) =>
    probability / (runs.length * (parameterCount(context.inputs, capacity, context.outputs) + 10_000));
  const order = { replicate: 0, rate: 1, capacity: 2 } as const;
  return [...found.values()].sort((a, b) => order[a.kind] - order[b.kind] || worth(b) - worth(a) || (keyOf(a) < keyOf(b) ? -1 : 1));
}

function follow(
  context: PolicyContext,
  history: History,
  outstanding: Outstanding,
  depth: number,
  probability: number,
  found: Map<string, Speculation>,
): void {
  if (depth === 0) return;
  const reference = referenceLoss(context, history, outstanding);
  const scenarios = outstanding.outcomes.includes(null) ? guesses : ([[1, 1]] as const);
  for (const [factor, chance] of scenarios) {
    const likely = probability * chance;
    if (likely < leastProbability) continue;
    const outcomes = outstanding.outcomes.map(
      (outcome, index) => outcome ?? madeUp(outstanding.decision.runs[index] as RunRequest, reference * factor),
    );
    const longer = [...history, { decision: outstanding.decision, outcomes, limit: null }];
    const decision = decide(context, longer);
    if (decision.action === "FINISH") continue;
    const place = placeOf(decision, readTrials(longer));
    note(found, { kind: kindOf(decision), ...place, runs: decision.runs, probability: likely });
    follow(context, longer, { decision, outcomes: decision.runs.map(() => null) }, depth - 1, likely, found);
  }
}

function note(found: Map<string, Speculation>, speculation: Speculation): void {
  const key = keyOf(speculation);
  const before = found.get(key);
  found.set(key, before === undefined ? speculation : { ...before, probability: before.probability + speculation.probability });
}

/** What a missing run's loss is guessed around: its siblings that ended, else the best trial so far, else the mean predictor. */
function referenceLoss(context: PolicyContext, history: History, { outcomes }: Outstanding): number {
  const siblings = outcomes.flatMap((outcome) => (outcome?.status === "COMPLETED" ? [outcome.validationLoss] : []));
  if (siblings.length > 0) return meanLoss(siblings);
  const best = bestTrial(readTrials(history));
  return (best === null ? null : summarise(best).bestKnownScore) ?? context.meanPredictorLoss[0] ?? 1;
}

function madeUp(run: RunRequest, validationLoss: number): RunOutcome {
  const rest = { trainingLoss: validationLoss, epochs: 1, bestEpoch: 1, capped: false, symptoms: [], cost: 0 } as const;
  return { ...run, status: "COMPLETED", validationLoss, ...rest };
}

function kindOf(decision: Exclude<Decision, Finish>): Speculation["kind"] {
  if (decision.runs.some(({ purpose }) => purpose === "probe")) return "rate";
  return decision.action === "START_TRIAL" ? "capacity" : "replicate";
}

function keyOf({ capacity, change, runs }: Speculation): string {
  return canonicalText([capacity, change, runs]);
}
