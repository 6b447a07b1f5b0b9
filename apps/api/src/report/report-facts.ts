/** What a report tells, read from the store: bounded, whatever the size of the experiment. */
import { type Evaluation, evaluationSchema } from "@rightsize/contract";
import {
  type Dataset,
  type EpochRecord,
  type Experiment,
  type ExperimentSnapshot,
  type History,
  isTerminal,
  type Metrics,
  type OwnerId,
  RightsizeError,
  type Run,
} from "@rightsize/core";
import { runsThatStand, settledHistory } from "@rightsize/orchestrator";
import type { ApiDependencies } from "../dependencies.ts";
import { evaluationBytes, evaluationOf } from "../stored-evaluation.ts";
import { type NumberedTrial, numberedTrials } from "../views/trial-view.ts";

export interface ReportTrial {
  readonly trial: NumberedTrial;
  /** In the target's own unit; the score that decides where no metric is known. */
  readonly score: number | null;
  /** Of the score over the runs that stand for the trial (n − 1); null below two. */
  readonly deviation: number | null;
  readonly runs: number;
  /** The mean training loss of those runs, brought to the score's unit; null where there is no such unit. */
  readonly trainingScore: number | null;
  readonly best: Run | null;
}
export interface ReportCurve {
  readonly trial: NumberedTrial;
  readonly run: Run;
  readonly epochs: readonly EpochRecord[];
}
export interface ReportFacts {
  readonly experiment: Experiment;
  /** null where it was deleted meanwhile. */
  readonly dataset: Dataset | null;
  readonly snapshot: ExperimentSnapshot;
  readonly metric: string;
  readonly trials: readonly ReportTrial[];
  readonly curves: readonly ReportCurve[];
  readonly evaluation: Evaluation | null;
  /** Why there is no evaluation. */
  readonly noEvaluation: string | null;
  readonly version: string;
}

/** Most curves that are drawn, and points of one. */
const most = { curves: 12, points: 200 } as const;
/** An evaluation larger than this is named, not shown, in bytes: parsing it would hold up others. */
const mostEvaluationBytes = 4 * 2 ** 20;

export async function reportFacts(deps: ApiDependencies, owner: OwnerId, snapshot: ExperimentSnapshot): Promise<ReportFacts> {
  const { experiment } = snapshot;
  const history = settledHistory(snapshot);
  const trials = numberedTrials(snapshot.trials).map((trial) => reportTrial(snapshot, history, trial));
  return {
    experiment,
    dataset: await deps.store.datasets.find(owner, experiment.spec.dataset),
    snapshot,
    metric: experiment.spec.task === "regression" ? "Mean squared error" : "Log loss",
    trials,
    curves: await curvesOf(deps, trials),
    ...(await evaluationFacts(deps, experiment)),
    version: deps.settings.version,
  };
}

function reportTrial(snapshot: ExperimentSnapshot, history: History, trial: NumberedTrial): ReportTrial {
  // Before it has a score no run stands for it.
  const standing = trial.score === null ? [] : runsThatStand(snapshot, history, trial.number, "fits");
  const { spec, plan } = snapshot.experiment;
  const name: keyof Metrics = spec.task === "regression" ? "meanSquaredError" : "logLoss";
  const scores = standing.map(({ result }) => result?.metrics?.[name] ?? result?.validationLoss ?? 0);
  const losses = standing.flatMap(({ result }) => result?.trainingLoss ?? []);
  const squared = spec.recipe.loss === "auto" || spec.recipe.loss === "mean_squared_error";
  const unit = spec.task === "classification" ? 1 : squared && !spec.features.logTarget ? plan.targetDeviation ** 2 : null;
  const best = standing.toSorted((a, b) => (a.result?.validationLoss ?? 0) - (b.result?.validationLoss ?? 0))[0] ?? null;
  return {
    trial,
    score: trial.score === null ? null : (trial.metrics?.[name] ?? trial.score),
    deviation: deviationOf(scores),
    runs: standing.length,
    trainingScore: unit === null || losses.length === 0 || trial.metrics?.[name] === undefined ? null : mean(losses) * unit,
    best,
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** Of the winner and the first trials; a diverged trial has none. */
async function curvesOf({ store }: ApiDependencies, trials: readonly ReportTrial[]): Promise<readonly ReportCurve[]> {
  const drawn = trials.filter(({ best }) => best !== null);
  const chosen = new Set([...drawn.filter(({ trial }) => trial.winner), ...drawn].slice(0, most.curves));
  const curves: ReportCurve[] = [];
  for (const entry of drawn.filter((one) => chosen.has(one))) {
    const { trial, best: run } = entry;
    if (run === null) continue;
    const epochs = (await store.work.curve(run.id, most.points)).filter(
      ({ trainingLoss, validationLoss }) => Number.isFinite(trainingLoss) && Number.isFinite(validationLoss),
    );
    if (epochs.length > 0) curves.push({ trial, run, epochs });
  }
  return curves;
}

async function evaluationFacts(
  { artifacts }: ApiDependencies,
  experiment: Experiment,
): Promise<Pick<ReportFacts, "evaluation" | "noEvaluation">> {
  if (!isTerminal("experiment", experiment.state)) return { evaluation: null, noEvaluation: "The experiment has not ended yet." };
  try {
    const bytes = await evaluationBytes(artifacts, evaluationOf(experiment));
    if (bytes.length > mostEvaluationBytes) {
      return { evaluation: null, noEvaluation: `It has ${bytes.length} bytes, too many for a page: read it at /evaluation.` };
    }
    return { evaluation: evaluationSchema.parse(JSON.parse(new TextDecoder().decode(bytes))), noEvaluation: null };
  } catch (error) {
    // A report without it is worth more than none.
    if (error instanceof RightsizeError && error.kind !== "unavailable") return { evaluation: null, noEvaluation: error.message };
    throw error;
  }
}
