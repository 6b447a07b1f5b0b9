/** The answer at the end of an experiment: capacity, scores in the target's own unit, the baselines beside them. */
import type { AnswerView, ExperimentView, Metrics } from "@rightsize/contract";
import { capacityText, type Scores, sizeHeading, type Task } from "@rightsize/core";
import { columnWords, counted, shortNumber } from "./numbers.ts";
import { textTable } from "./text-table.ts";

/** Lines that tell the answer; empty while there is none. */
export function answerLines(experiment: ExperimentView): readonly string[] {
  const { answer } = experiment;
  if (answer === null) return [];
  const head = answer.capacity === null ? [answer.sentence] : [`${sizeHeading(answer)}: ${sizeText(answer.capacity)}.`, answer.sentence];
  return [...head, "", ...scoreLines(answer, experiment)];
}

/** `2 hidden layers of 250 nodes each`. */
export function sizeText(capacity: { readonly hiddenLayers: number; readonly nodesPerLayer: number }): string {
  if (capacity.hiddenLayers === 0) return "no hidden layer, a linear model";
  return `${counted(capacity.hiddenLayers, "hidden layer")} of ${counted(capacity.nodesPerLayer, "node")}${capacity.hiddenLayers > 1 ? " each" : ""}`;
}

interface Measure {
  readonly head: string;
  readonly text: (metrics: Metrics) => string;
}

/** The measure that people can picture: an error in the target's own unit, or the share of right answers. */
function measureOf(task: Task, target: string): Measure {
  const text = (value: number | undefined, unit = "") => (value === undefined ? "–" : `${shortNumber(value, 3)}${unit}`);
  switch (task) {
    case "regression":
      return { head: `Typical error (root mean square), in ${columnWords(target)}`, text: (metrics) => text(metrics.rootMeanSquaredError) };
    case "classification":
      return {
        head: "Right answers",
        text: (metrics) => text(metrics.accuracy === undefined ? undefined : metrics.accuracy * 100, " %"),
      };
    default:
      return task satisfies never;
  }
}

/** One row a model: the answer, then the baselines. */
function scoreLines(answer: AnswerView, experiment: ExperimentView): readonly string[] {
  const measure = measureOf(experiment.task, experiment.target);
  const models = [...answerRows(answer), ...answer.baselines.map((baseline) => ({ ...baseline, name: baselineNames[baseline.name] }))];
  const cell = (scores: Scores | null) => (scores === null ? "–" : measure.text(scores.metrics));
  return textTable(
    [
      { head: measure.head, align: "left" },
      { head: "validation", align: "right" },
      { head: "test", align: "right" },
    ],
    models.map(({ name, validation, test }) => [name, cell(validation), cell(test)]),
  );
}

/** The delivered model; where it is the mean of several runs, the winner's best run alone beside it: the one is not claimed for the other. */
function answerRows(
  answer: AnswerView,
): readonly { readonly name: string; readonly validation: Scores | null; readonly test: Scores | null }[] {
  if (answer.capacity === null) return [];
  const size = capacityText(answer.capacity);
  const delivered = { validation: answer.validation, test: answer.test };
  switch (answer.delivered.kind) {
    case "single":
      return [{ name: size, ...delivered }];
    case "mean_of_best":
      return [
        { name: `mean of the best ${answer.delivered.members.length} runs`, ...delivered },
        ...(answer.single === null ? [] : [{ name: `${size} alone`, ...answer.single }]),
      ];
    default:
      return answer.delivered.kind satisfies never;
  }
}

const baselineNames = { mean: "always the mean", linear: "linear model" } as const;
