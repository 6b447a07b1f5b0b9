/** The answer in one sentence that a person can repeat. */
import { type Answer, type Capacity, capacityText, type Finish, type Scores, type Task, type TrialRow } from "@rightsize/core";

/** How the search ended, and its table. */
export interface SearchEnd {
  readonly verdict?: Finish["verdict"] | undefined;
  readonly trials?: readonly Pick<TrialRow, "number" | "capacity" | "score">[] | undefined;
}

/** For example: "2×250 is the best size in the explored range: mean squared error 7.1 on validation, 8.2 on test; the linear model has 11.3." */
export function answerSentence(answer: Omit<Answer, "sentence">, task: Task, end: SearchEnd = {}): string {
  const linear = answer.baselines.find(({ name }) => name === "linear");
  if (answer.capacity === null) {
    return end.verdict === "limit"
      ? "No network was trained to its end before the experiment's limit was reached."
      : "No network could be trained on this table with this recipe.";
  }
  const scores = answer.validation === null ? [] : [`${scoreText(answer.validation, task)} on validation`];
  if (answer.test !== null) scores.push(`${scoreText(answer.test, task)} on test`);
  const beside = linear === undefined ? "" : `; the linear model has ${scoreText(linear.test ?? linear.validation, task)}`;
  const warning = answer.beatsMean ? "" : " It does not beat predicting the mean.";
  const runs = answer.delivered.members.length;
  const mean = answer.delivered.kind === "single" ? "" : ` The mean of the best ${runs} networks is delivered:`;
  const after = mean === "" ? ":" : ".";
  const size = `${capacityText(answer.capacity)} is the best size ${standing(answer, end)}`;
  return `${size}${after}${mean} ${scores.join(", ")}${beside}.${warning}`;
}

/** Among what it is the best. Where another row of the table is lower, the sentence must not seem to contradict it. */
function standing({ trial }: Omit<Answer, "sentence">, { verdict, trials = [] }: SearchEnd): string {
  if (verdict === "limit") return "that was trained to its end before the experiment's limit was reached";
  const own = trials.find(({ number }) => number === trial)?.score ?? null;
  const lowest = trials.reduce<{ capacity: Capacity; score: number } | null>(
    (low, { capacity, score }) => (score !== null && score < (low?.score ?? own ?? score) ? { capacity, score } : low),
    null,
  );
  return `in the explored range${lowest === null ? "" : `, though ${capacityText(lowest.capacity)} by itself scored lower (the last decision says why)`}`;
}

/** The score in the target's own unit. */
export function scoreText(scores: Scores, task: Task): string {
  const value = (number: number) => grouped(Number(number.toPrecision(4)));
  if (task === "regression") return `mean squared error ${value(scores.metrics.meanSquaredError ?? scores.loss)}`;
  const accuracy = scores.metrics.accuracy;
  const loss = `log loss ${value(scores.loss)}`;
  return accuracy === undefined ? loss : `${loss} (accuracy ${value(accuracy * 100)} %)`;
}

/** Thousands divided, as the table beside it does: 14400 → `14,400`; very large ones with an exponent. */
function grouped(number: number): string {
  const size = Math.abs(number);
  if (size >= 1e12) return number.toExponential();
  return size >= 1000 ? number.toLocaleString("en-US") : number.toString();
}
