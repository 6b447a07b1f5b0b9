/** The answer in one sentence that a person can repeat. */
import { type Answer, capacityText, type Finish, type Scores, type Task } from "@rightsize/core";

/** For example: "2×250 is the best size tried: mean squared error 7.1 on validation, 8.2 on test; the linear model has 11.3." `verdict` is how the search ended. */
export function answerSentence(answer: Omit<Answer, "sentence">, task: Task, verdict?: Finish["verdict"]): string {
  const linear = answer.baselines.find(({ name }) => name === "linear");
  if (answer.capacity === null) {
    return verdict === "limit"
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
  return `${capacityText(answer.capacity)} is the best size in the explored range${after}${mean} ${scores.join(", ")}${beside}.${warning}`;
}

/** The score in the target's own unit. */
export function scoreText(scores: Scores, task: Task): string {
  const value = (number: number) => Number(number.toPrecision(4)).toString();
  if (task === "regression") return `mean squared error ${value(scores.metrics.meanSquaredError ?? scores.loss)}`;
  const accuracy = scores.metrics.accuracy;
  const loss = `log loss ${value(scores.loss)}`;
  return accuracy === undefined ? loss : `${loss} (accuracy ${value(accuracy * 100)} %)`;
}
