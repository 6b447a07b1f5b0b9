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

/** How far to look, and what is known already of runs that nobody asked for yet. */
export interface SpeculateOptions {
  /** How many decisions ahead to look; 1 is the next one only. */
  readonly depth?: number;
  /** The looking ends when so many candidates are found. */
  readonly most?: number;
  /** The outcome of a run that was trained before it was asked for; null where there is none. */
  readonly known?: (capacity: Capacity, change: RecipeChange, run: RunRequest) => RunOutcome | null;
}

/** Made-up losses as factors of the reference loss; of several that lead to the same decision the first is followed. */
const guesses = { better: [0.97, 0.8], worse: [1.03, 1.25] } as const;
/** Paths less likely than this are not followed. */
const leastProbability = 0.02;
/** Replicates and rate probes at least as likely as this come before capacities. */
const likelyProbability = 0.2;

/** A place that the search may come to. */
interface Path {
  readonly history: History;
  readonly outstanding: Outstanding;
  readonly probability: number;
  /** Decisions that may still be looked ahead. */
  readonly depth: number;
}

/**
 * Candidates, the first to be started first: likely replicates, then likely rate probes, then the others by probability × value / cost.
 * The value of having trained something early is the time it then needn't take, which is its cost: so the likelier one is worth more,
 * and among equals the cheaper. Empty when the next decision can only be FINISH.
 */
export function speculate(
  context: PolicyContext,
  history: History,
  outstanding: Outstanding,
  { depth = 2, most = Number.POSITIVE_INFINITY, known = () => null }: SpeculateOptions = {},
): readonly Speculation[] {
  const found = new Map<string, Speculation>();
  const improving = improvementShare(history);
  const open: Path[] = [{ history, outstanding, probability: 1, depth }];
  while (open.length > 0 && found.size < most) {
    // The likeliest path first, so that a bound on the candidates leaves out the least likely.
    const next = open.reduce((best, path, index) => (path.probability > (open[best] as Path).probability ? index : best), 0);
    open.push(...follow(context, open.splice(next, 1)[0] as Path, improving, known, found));
  }
  const work = ({ capacity, runs }: Speculation) => runs.length * parameterCount(context.inputs, capacity, context.outputs);
  const order = ({ kind, probability }: Speculation) =>
    kind === "capacity" || probability < likelyProbability ? 2 : kind === "rate" ? 1 : 0;
  // Sums of the same chances in another order differ in their last bits.
  const chance = ({ probability }: Speculation) => Math.round(probability * 1e9);
  return [...found.values()].sort(
    (a, b) => order(a) - order(b) || chance(b) - chance(a) || work(a) - work(b) || (keyOf(a) < keyOf(b) ? -1 : 1),
  );
}

/** The paths that a path may go on by: one for each different next decision. */
function follow(
  context: PolicyContext,
  { history, outstanding, probability, depth }: Path,
  improving: number,
  known: NonNullable<SpeculateOptions["known"]>,
  found: Map<string, Speculation>,
): readonly Path[] {
  const paths = new Map<string, Path>();
  for (const { outcomes, chance } of endsOf(context, history, outstanding, improving)) {
    const longer = [...history, { decision: outstanding.decision, outcomes, limit: null }];
    const decision = decide(context, longer);
    if (decision.action === "FINISH") continue;
    const place = placeOf(decision, readTrials(longer));
    const speculation = { kind: kindOf(decision), ...place, runs: decision.runs, probability: probability * chance };
    note(found, speculation);
    const key = keyOf(speculation);
    const before = paths.get(key);
    const asked = { decision, outcomes: decision.runs.map((run) => known(place.capacity, place.change, run)) };
    paths.set(key, {
      ...(before ?? { history: longer, outstanding: asked, depth: depth - 1 }),
      probability: speculation.probability + (before?.probability ?? 0),
    });
  }
  return [...paths.values()].filter((path) => path.depth > 0 && path.probability >= leastProbability);
}

/** One way in which everything outstanding may end. */
interface End {
  readonly outcomes: readonly RunOutcome[];
  readonly chance: number;
}

/** The ends that are followed; the one that happened where nothing is outstanding any more. */
function endsOf(context: PolicyContext, history: History, outstanding: Outstanding, improving: number): readonly End[] {
  const { decision, outcomes } = outstanding;
  const reference = referenceLoss(context, history, outstanding);
  const filled = (lossOf: (run: RunRequest) => number) =>
    outcomes.map((outcome, index) => outcome ?? madeUp(decision.runs[index] as RunRequest, lossOf(decision.runs[index] as RunRequest)));
  if (!outcomes.includes(null)) return [{ outcomes: filled(() => reference), chance: 1 }];
  if (decision.runs.some(({ purpose }) => purpose !== "probe"))
    return scenarios(improving).map(([factor, chance]) => ({ outcomes: filled(() => reference * factor), chance }));
  // Of probes it matters alone which rate is best: the same one as for the trials before it is the likelier.
  const losses = outcomes.map((outcome) => (outcome?.status === "COMPLETED" ? outcome.validationLoss : Number.POSITIVE_INFINITY));
  const least = Math.min(...losses);
  const loss = Number.isFinite(least) ? least : reference;
  const before = readTrials(history).map((trial) => summarise(trial).learningRate);
  const rates = decision.runs
    .filter((_, index) => outcomes[index] === null || (outcomes[index]?.status === "COMPLETED" && losses[index] === least))
    .map(({ learningRate }) => learningRate);
  const weights = rates.map((rate) => 1 + before.filter((one) => one === rate).length);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return rates.map((rate, index) => ({
    outcomes: filled(({ learningRate }) => loss * (learningRate === rate ? guesses.better[0] : guesses.worse[0])),
    chance: (weights[index] as number) / all,
  }));
}

function scenarios(improving: number): readonly (readonly [factor: number, probability: number])[] {
  return [
    ...guesses.better.map((factor) => [factor, improving / guesses.better.length] as const),
    ...guesses.worse.map((factor) => [factor, (1 - improving) / guesses.worse.length] as const),
  ];
}

/** How likely a new trial is to be the best so far: as often as before, and one in two where nothing is known (Laplace's rule). */
function improvementShare(history: History): number {
  const scores = readTrials(history).flatMap((trial) => summarise(trial).bestKnownScore ?? []);
  const improved = scores.filter((score, index) => index > 0 && score < Math.min(...scores.slice(0, index))).length;
  return (1 + improved) / (2 + Math.max(0, scores.length - 1));
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
