/** The answer at the end of an experiment: capacity, scores in the target's own unit, the baselines beside them. */
import type { AnswerView, ExperimentView, Metrics } from "@rightsize/contract";
import { capacityText, type Task } from "@rightsize/core";
import { columnWords, counted, shortNumber } from "./numbers.ts";
import { textTable } from "./text-table.ts";

/** Lines that tell the answer; empty while there is none. */
export function answerLines(experiment: ExperimentView): readonly string[] {
  const { answer } = experiment;
  if (answer === null) return [];
  const head = answer.capacity === null ? [answer.sentence] : [`The right size: ${sizeText(answer.capacity)}.`, answer.sentence];
  return [...head, "", ...scoreLines(answer, experiment)];
}

/** `2 hidden layers of 250 nodes each`. */
export function sizeText(capacity: { readonly hiddenLayers: number; readonly nodesPerLayer: number }): string {
  if (capacity.hiddenLayers === 0) return "no hidden layer, a linear model";
  return `${counted(capacity.hiddenLayers, "hidden layer")} of ${counted(capacity.nodesPerLayer, "node")}${capacity.hiddenLayers > 1 ? " each" : ""}`;
}

interface Measure {
  readonly head: string;
  readonly value: (metrics: Metrics) => number | undefined;
  readonly percent?: boolean;
}

function measures(task: Task, target: string): readonly Measure[] {
  if (task === "regression") {
    return [
      { head: `typical error (${columnWords(target)})`, value: (metrics) => metrics.rootMeanSquaredError },
      { head: "mean squared error", value: (metrics) => metrics.meanSquaredError },
    ];
  }
  return [
    { head: "accuracy", value: (metrics) => metrics.accuracy, percent: true },
    { head: "log loss", value: (metrics) => metrics.logLoss },
  ];
}

/** One row a model, one pair of columns (validation, test) a measure. */
function scoreLines(answer: AnswerView, experiment: ExperimentView): readonly string[] {
  const shown = measures(experiment.task, experiment.target);
  const models = [
    ...(answer.capacity === null ? [] : [{ name: capacityText(answer.capacity), validation: answer.validation, test: answer.test }]),
    ...answer.baselines.map((baseline) => ({ ...baseline, name: baselineNames[baseline.name] })),
  ];
  const cell = (measure: Measure, metrics: Metrics | undefined) => {
    const value = metrics === undefined ? undefined : measure.value(metrics);
    if (value === undefined) return "–";
    return measure.percent ? `${shortNumber(value * 100)} %` : shortNumber(value);
  };
  return textTable(
    [
      { head: "", align: "left" },
      ...shown.flatMap(({ head }) => [
        { head: `${head}, validation`, align: "right" as const },
        { head: "test", align: "right" as const },
      ]),
    ],
    models.map(({ name, validation, test }) => [
      name,
      ...shown.flatMap((measure) => [cell(measure, validation?.metrics), cell(measure, test?.metrics)]),
    ]),
  );
}

const baselineNames = { mean: "always the mean", linear: "linear model" } as const;
