/** Reads a learning curve from its experiment, and says what would help more: rows or nodes. Pure. */
import type { LearningCurve, LearningCurvePoint } from "@rightsize/contract";
import { capacityText, type ExperimentSnapshot, isTerminal, type Run } from "@rightsize/core";
import { fitAdditiveModel, type RowsParameters, readTrials, studentQuantile, type TrialView } from "@rightsize/policy";
import { policyHistory, runOutcome } from "../history.ts";
import { curveVerdict, type Gain } from "./curve-verdict.ts";

/** What preset `default` believes of the noise before it is measured. */
const noisePrior = { deviation: 0.05, weight: 4 } as const;

/** The curve so far; `original` is the finished experiment that it is of. */
export function readCurve(original: ExperimentSnapshot, curve: ExperimentSnapshot): LearningCurve {
  const { capacity, parts } = curve.experiment.spec.search.parameters as unknown as RowsParameters;
  const views = parts.map((part, index) => viewOf(curve, part, index + 1));
  const points = parts.map((part, index): LearningCurvePoint => {
    const losses = (views[index] as TrialView).runs.flatMap(({ outcome }) =>
      outcome.status === "COMPLETED" ? [Math.log(outcome.validationLoss)] : [],
    );
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length);
    const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
    return {
      rows: part.rows,
      fraction: part.fraction,
      validationLoss: losses.length === 0 ? null : Math.exp(mean),
      deviation: losses.length < 2 ? null : Math.sqrt(squares / (losses.length - 1)),
      runs: losses.length,
      wanted: part.runs.length,
      reused: runsOf(curve, part).filter(({ reusedFrom, state }) => reusedFrom !== null && state === "COMPLETED").length,
    };
  });
  const { state, stateReason } = curve.experiment;
  const head = {
    experimentId: original.experiment.id,
    curveExperimentId: curve.experiment.id,
    state,
    stateReason,
    capacity: { ...capacity },
  };
  const fewestFirst = [...points].sort((a, b) => a.rows - b.rows);
  if (state !== "SUCCEEDED") return { ...head, points: fewestFirst, verdict: null, sentence: null };
  const { trainingRows, validationRows } = original.experiment.plan;
  const band = trainingRows + validationRows < 1000 ? 0.02 : 0.01;
  return {
    ...head,
    points: fewestFirst,
    ...curveVerdict({ points: fewestFirst, rows: gainOfRows(views), nodes: gainOfNodes(original), band }),
  };
}

type Part = RowsParameters["parts"][number];

function runsOf({ runs }: ExperimentSnapshot, part: Part): readonly Run[] {
  return part.runs.flatMap(
    ({ seed, fold }) => runs.find((run) => run.purpose !== "finalise" && run.seed === seed && run.fold === fold) ?? [],
  );
}

/** A part as a trial of its own, with the folds of the experiment: parts are compared as capacities are, fold by fold. */
function viewOf(curve: ExperimentSnapshot, part: Part, number: number): TrialView {
  const ended = part.runs.flatMap(({ seed, fold, of }, position) => {
    const run = curve.runs.find((one) => one.purpose !== "finalise" && one.seed === seed && one.fold === fold);
    if (run === undefined || !isTerminal("run", run.state) || (run.state !== "COMPLETED" && run.state !== "DIVERGED")) return [];
    return [{ entry: 0, position, outcome: { ...runOutcome(run), purpose: "fit" as const, fold: of } }];
  });
  const { capacity } = curve.experiment.spec.search.parameters as unknown as RowsParameters;
  return { number, capacity, runs: ended, change: {}, repairs: 0, cost: 0 };
}

/** What the last doubling of rows took off the log loss; null where a part has no score. */
function gainOfRows(views: readonly TrialView[]): Gain | null {
  const model = fitAdditiveModel(views, noisePrior);
  if (!model.levels.has(1) || !model.levels.has(2)) return null;
  const { difference, standardError } = model.contrast(2, 1);
  return { gain: difference, error: standardError, degrees: model.degrees, t: studentQuantile(0.975, model.degrees), what: "" };
}

/** What the best larger network of the search took off the winner's log loss (below 0: it was worse); null where no larger one has a score. */
function gainOfNodes(original: ExperimentSnapshot): Gain | null {
  const trials = readTrials(policyHistory(original));
  const winner = original.trials.find((trial) => trial.winner);
  const model = fitAdditiveModel(trials, noisePrior);
  if (winner?.number == null || !model.levels.has(winner.number)) return null;
  const larger = original.trials
    .filter((trial) => trial.number !== null && trial.parameterCount > winner.parameterCount && model.levels.has(trial.number))
    .sort((a, b) => (model.levels.get(a.number as number) as number) - (model.levels.get(b.number as number) as number));
  const [best] = larger;
  if (best?.number == null) return null;
  const { difference, standardError } = model.contrast(winner.number, best.number);
  return {
    gain: difference,
    error: standardError,
    degrees: model.degrees,
    t: studentQuantile(0.975, model.degrees),
    what: capacityText(best.capacity),
  };
}
