/** Plays one rule on one landscape many times, and scores it: regret, cost, repeatability. */
import { type Capacity, capacityText, defaultRecipe, type PolicyContext, parameterCount } from "@rightsize/core";
import { type OutcomesOf, readTrials, simulate, trialTable } from "@rightsize/policy";
import { gridCells, hashText, type Landscape, mean, normals, type World } from "./landscape.ts";

export interface Rule {
  readonly name: string;
  readonly preset: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface Played {
  readonly landscape: string;
  /** True loss of the answer above the best of the 24 cells, as a fraction; mean over worlds. */
  readonly regret: number;
  readonly fits: number;
  /** CPU seconds of all fits, over those of the grid fitted once. */
  readonly cost: number;
  /** Share of pairs of seeds, on the same world, whose answers' true losses agree within 2 %. */
  readonly agreement: number;
  /** Share of pairs of seeds that walk the very same rows. */
  readonly samePath: number;
  /** Comparisons at the end called better or worse, and how many of those were false (the truth says otherwise). */
  readonly words: number;
  readonly falseWords: number;
}

/** Plays `worlds` worlds with two seeds each. */
export function play(rule: Rule, landscape: Landscape, worlds: number): Played {
  const games = Array.from({ length: worlds }, (_, draw) => {
    const world = landscape.world(draw);
    return [game(rule, landscape, world, 2 * draw), game(rule, landscape, world, 2 * draw + 1)] as const;
  });
  const all = games.flat();
  return {
    landscape: landscape.name,
    regret: mean(all.map(({ regret }) => regret)),
    fits: mean(all.map(({ fits }) => fits)),
    cost: mean(all.map(({ cost }) => cost)),
    agreement: mean(games.map(([a, b]) => (Math.abs(a.level - b.level) <= Math.log(1.02) ? 1 : 0))),
    samePath: mean(games.map(([a, b]) => (a.path === b.path ? 1 : 0))),
    words: all.reduce((sum, { words }) => sum + words, 0),
    falseWords: all.reduce((sum, { falseWords }) => sum + falseWords, 0),
  };
}

/**
 * Regret of answering with what all recorded fits together say is best: nobody knows more, and the truths drawn differ from it by
 * what the records leave open. Regret below this isn't to be had by searching. null for formulas.
 */
export function regretOfRecords(landscape: Landscape, worlds: number): number | null {
  const { bestGuess } = landscape;
  if (bestGuess === null) return null;
  return mean(Array.from({ length: worlds }, (_, draw) => regretOf(landscape.world(draw), bestGuess)));
}

function regretOf(world: World, chosen: Capacity): number {
  return Math.exp(world.truth(chosen) - Math.min(...gridCells.map(world.truth))) - 1;
}

function game(rule: Rule, landscape: Landscape, world: World, seed: number) {
  const { trainingRows, validationRows, inputs, folds } = landscape;
  const context: PolicyContext = {
    preset: rule.preset,
    parameters: rule.parameters,
    task: "regression",
    recipe: defaultRecipe,
    seed: 1000 * seed,
    inputs,
    outputs: 1,
    trainingRows,
    validationRows,
    folds,
    meanPredictorLoss: Array.from({ length: folds }, () => 1e9),
  };
  let seconds = 0;
  let fits = 0;
  const outcomes: OutcomesOf = (request, { capacity }) => {
    const normal = normals(request.seed, hashText(`${landscape.name} ${capacityText(capacity)}`));
    const loss = Math.exp(world.truth(capacity) + world.fold(request.fold, capacity) + world.deviation(capacity) * normal());
    const epochs = Math.max(1, Math.round(world.epochs(capacity)));
    const cost = epochs * trainingRows * parameterCount(inputs, capacity, 1);
    seconds += world.seconds(capacity);
    fits++;
    const rest = { trainingLoss: loss, epochs, bestEpoch: epochs, capped: false, symptoms: [], cost } as const;
    return { ...request, status: "COMPLETED", validationLoss: loss, ...rest };
  };
  const history = simulate(context, outcomes);
  const last = history.at(-1)?.decision;
  const trials = readTrials(history);
  const chosen = last?.action === "FINISH" && last.winner !== null ? trials[last.winner - 1]?.capacity : undefined;
  if (chosen === undefined) throw new Error(`${rule.name} found no answer on ${landscape.name}`);
  const level = world.truth(chosen);
  const called = (last?.evidence.comparisons ?? []).filter(({ verdict }) => verdict === "better" || verdict === "worse");
  const wrong = called.filter(({ trial, against, verdict }) => {
    const gap = world.truth(trials[trial - 1]?.capacity as Capacity) - world.truth(trials[against - 1]?.capacity as Capacity);
    return verdict === "better" ? gap >= 0 : gap <= 0;
  });
  return {
    level,
    regret: regretOf(world, chosen),
    fits,
    cost: seconds / gridCells.reduce((sum, capacity) => sum + world.seconds(capacity), 0),
    path: trialTable(history)
      .map(({ capacity }) => capacityText(capacity))
      .join(" "),
    words: called.length,
    falseWords: wrong.length,
  };
}
