/** How the delivered model predicts rows that its networks were not trained on: numbers against the diagonal, or classes in a matrix. */
import type { Evaluation, ExperimentView, RegressionEvaluation } from "@rightsize/contract";
import { api } from "../api-client.ts";
import { count, plain } from "../format.ts";
import { Histogram } from "../plots/bars.tsx";
import { PredictedPlot } from "../plots/predicted-plot.tsx";
import { useResource } from "../use-resource.ts";
import { ClassEvaluation } from "./class-evaluation.tsx";
import { Loading, ProblemNote } from "./notes.tsx";

export function EvaluationSection({ experiment }: { experiment: ExperimentView }) {
  if (experiment.answer?.evaluationArtifact == null) return null;
  return (
    <section className="evaluation" aria-labelledby="evaluation-title">
      <div className="section-line">
        <h2 id="evaluation-title">How its predictions miss</h2>
      </div>
      <Loaded experiment={experiment} />
    </section>
  );
}

function Loaded({ experiment }: { experiment: ExperimentView }) {
  const { value, problem, reload } = useResource<Evaluation>(`evaluation ${experiment.id}`, () => api.evaluation(experiment.id));
  if (problem !== null) return <ProblemNote problem={problem} onRetry={reload} />;
  if (value === null) return <Loading lines={3} what="the evaluation" />;
  return (
    <>
      <p className="quiet">{value.rows.sentence}</p>
      {value.rows.evaluated === 0 ? (
        <p className="plot-empty">No row could be evaluated.</p>
      ) : value.task === "regression" ? (
        <Residuals evaluation={value} />
      ) : (
        <ClassEvaluation evaluation={value} experiment={experiment} />
      )}
    </>
  );
}

function Residuals({ evaluation }: { evaluation: RegressionEvaluation }) {
  const { residuals, worst, pairs, target, rows, notFinite } = evaluation;
  const { from, to, counts } = residuals.histogram;
  return (
    <div className="plots">
      <PredictedPlot pairs={pairs} target={target} evaluated={rows.evaluated} />
      <div className="residuals">
        <h3>Predicted − actual</h3>
        {counts.length > 0 && (
          <>
            <Histogram counts={counts} label={`Histogram of the residuals from ${plain(from)} to ${plain(to)}`} width={360} height={88} />
            <p className="range">
              <span>{plain(from)}</span>
              <span>{plain(to)}</span>
            </p>
          </>
        )}
        <p className="quiet">
          On average {plain(residuals.mean)}, with a deviation of {plain(residuals.deviation)}.
          {notFinite > 0 && ` ${count(notFinite)} predictions are too large to be written and stand nowhere here.`}
        </p>
        {worst.length > 0 && (
          <table className="small-table">
            <caption>The rows that it misses most</caption>
            <thead>
              <tr>
                <th scope="col">Row</th>
                <th scope="col" className="number">
                  Actual
                </th>
                <th scope="col" className="number">
                  Predicted
                </th>
                <th scope="col" className="number">
                  Off by
                </th>
              </tr>
            </thead>
            <tbody>
              {worst.slice(0, 5).map(({ row, actual, predicted }) => (
                <tr key={row}>
                  <th scope="row">{count(row + 1)}</th>
                  <td className="number">{plain(actual)}</td>
                  <td className="number">{plain(predicted)}</td>
                  <td className="number">{plain(predicted - actual)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </div>
  );
}
