/** Finals: more fits where they can change the answer, within a budget; the least replicated first. */
import { capacityText } from "@rightsize/core";
import { percentText, rounded } from "../numbers.ts";
import { replicateRun } from "../runs.ts";
import type { Script } from "../script.ts";
import { summarise, type TrialView } from "../trials.ts";
import { probabilityBelow, probabilityWithin } from "../words.ts";
import { repair } from "./repair.ts";
import { addRuns, bandOf, eligible, leader, modelOf, type Search, workOf } from "./search.ts";

/** Fits the open trials and the leader until nothing is open, each has its most fits, or the budget holds no more. */
export function* finals(search: Search): Script<void> {
  const { finals: limits } = search.parameters;
  const workBefore = totalWork(search);
  for (;;) {
    const left = workBefore * (1 + limits.budget) - totalWork(search);
    const chosen = nextFinal(search, left);
    if (chosen === null) return;
    const { trial, why } = chosen;
    const { all, learningRate } = summarise(trial);
    const run = replicateRun(search.context, "finals", all.length, learningRate as number);
    yield* addRuns(search, trial.number, [run], `Finals: fit ${capacityText(trial.capacity)} a ${ordinal(all.length + 1)} time, ${why}`);
    yield* repair(search, trial.number, all.length + 1, false);
  }
}

/** Which trial to fit once more; null when none is open, or the budget holds none. Exported for its test. */
export function nextFinal(search: Search, workLeft: number): { readonly trial: TrialView; readonly why: string } | null {
  const { finals: limits } = search.parameters;
  const model = modelOf(search);
  const level = (trial: TrialView) => model.levels.get(trial.number) as number;
  const best = leader(search);
  if (best === null) return null;
  const contenders = [...eligible(search)].sort((a, b) => level(a) - level(b) || a.number - b.number).slice(0, limits.trials);
  const open = contenders.filter((trial) => {
    if (trial === best) return false;
    const contrast = model.contrast(trial.number, best.number);
    return (
      probabilityBelow(0, contrast, model.degrees) >= limits.drop &&
      probabilityWithin(bandOf(search), contrast, model.degrees) < limits.settled
    );
  });
  if (open.length === 0) return null;
  const [trial] = [...open, best]
    .map((candidate) => ({ candidate, runs: summarise(candidate).all.length, work: workOf(search, summarise(candidate).all) }))
    .map(({ candidate, runs, work }) => ({ candidate, runs, workPerRun: work / runs }))
    .filter(({ runs, workPerRun }) => runs < limits.fits && workPerRun <= workLeft)
    .sort((a, b) => a.runs - b.runs || a.workPerRun - b.workPerRun || a.candidate.number - b.candidate.number);
  if (trial === undefined) return null;
  return { trial: trial.candidate, why: trial.candidate === best ? "as the best so far" : chanceText(search, trial.candidate, best) };
}

function chanceText(search: Search, trial: TrialView, best: TrialView): string {
  const model = modelOf(search);
  const chance = rounded(probabilityBelow(0, model.contrast(trial.number, best.number), model.degrees), 2);
  return `since it beats ${capacityText(best.capacity)} with a probability of ${percentText(chance)}`;
}

/** Work of every run so far, those before a repair too. */
function totalWork(search: Search): number {
  return search.trials.reduce((sum, trial) => sum + workOf(search, trial.runs) + (trial.cost - ownCost(trial)), 0);
}

function ownCost(trial: TrialView): number {
  return trial.runs.reduce((sum, { outcome }) => sum + outcome.cost, 0);
}

function ordinal(number: number): string {
  return ["zeroth", "first", "second", "third", "fourth", "fifth"][number] ?? `${number}th`;
}
