/** The answer: one sentence, the winner's scores in the target's own unit, and what simpler models reach beside it. */
import type { AnswerView, ExperimentView } from "@rightsize/contract";
import { capacityText, endedByLimit, type Metrics, type Scores, sizeHeading } from "@rightsize/core";
import { answerLines, membersText } from "../answer-lines.ts";
import { count, fixed, plain, score } from "../format.ts";
import { metricText, scoreMetric } from "../scores.ts";

export function Answer({ answer, experiment }: { answer: AnswerView; experiment: ExperimentView }) {
  const metric = scoreMetric(experiment.task);
  const lines = answerLines(answer, experiment.task);
  const members = membersText(answer);
  const largest = Math.max(...lines.map((line) => value(line.validation, metric) ?? 0), Number.MIN_VALUE);
  return (
    <section className="answer" aria-labelledby="answer-title">
      <h2 id="answer-title">{endedByLimit(answer) && answer.capacity !== null ? sizeHeading(answer) : "The answer"}</h2>
      <p className="answer-sentence">{answer.sentence}</p>
      <div className="answer-figures">
        {answer.capacity !== null && (
          <Figure
            label={endedByLimit(answer) ? "Best so far" : "Right size"}
            value={capacityText(answer.capacity)}
            detail={sizeWords(answer.capacity)}
          />
        )}
        <Figure
          label="Validation"
          value={score(value(answer.validation, metric))}
          detail={
            answer.validation === null && experiment.plan.folds > 1
              ? "none: its runs validated on other rows each"
              : detail(answer.validation, experiment)
          }
        />
        <Figure
          label="Test, read once"
          value={score(value(answer.test, metric))}
          detail={answer.test === null ? "no test split" : detail(answer.test, experiment)}
        />
      </div>
      <table className="small-table baselines">
        <caption className="visually-hidden">{metricText(metric)} of the answer and of simpler models</caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" className="bar-column">
              <span className="visually-hidden">Validation score as a bar</span>
            </th>
            <th scope="col" className="number">
              Validation
            </th>
            <th scope="col" className="number">
              Test
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.name} className={line.winner ? "winner" : undefined}>
              <th scope="row">{line.name}</th>
              <td className="bar-column" aria-hidden="true">
                <span className="bar" style={{ width: `${(100 * (value(line.validation, metric) ?? 0)) / largest}%` }} />
              </td>
              <td className="number">{score(value(line.validation, metric))}</td>
              <td className="number">{score(value(line.test, metric))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {members !== null && <p className="quiet members">Delivered is the mean of the predictions of the best runs: {members}.</p>}
      {!answer.beatsMean && (
        <p className="warning">No network beats the mean predictor on validation: these features may say nothing about the target.</p>
      )}
    </section>
  );
}

function value(scores: Scores | null, metric: keyof Metrics): number | null {
  return scores === null ? null : (scores.metrics[metric] ?? scores.loss);
}

function sizeWords(capacity: NonNullable<AnswerView["capacity"]>): string {
  if (capacity.hiddenLayers === 0) return "no hidden layer";
  return `${capacity.hiddenLayers} hidden ${capacity.hiddenLayers === 1 ? "layer" : "layers"} of ${count(capacity.nodesPerLayer)} nodes`;
}

/** The second number that people ask for: the typical error in the target's unit, or the share of right answers. */
function detail(scores: Scores | null, experiment: ExperimentView): string {
  if (scores === null) return "";
  const { rootMeanSquaredError, r2, accuracy } = scores.metrics;
  if (experiment.task === "classification") return accuracy === undefined ? "" : `${(accuracy * 100).toFixed(1)} % right`;
  const parts = [];
  if (rootMeanSquaredError !== undefined) parts.push(`typically ${plain(Number(rootMeanSquaredError.toPrecision(3)))} off`);
  if (r2 !== undefined) parts.push(`R² ${fixed(r2, 2)}`);
  return parts.join(" · ");
}

function Figure({ label, value: text, detail: words }: { label: string; value: string; detail: string }) {
  return (
    <div className="figure">
      <span className="figure-label">{label}</span>
      <span className="figure-value">{text}</span>
      <span className="figure-detail">{words}</span>
    </div>
  );
}
