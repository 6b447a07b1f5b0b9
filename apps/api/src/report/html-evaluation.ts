/** The report's section on predictions: predicted against actual numbers, or the confusion matrix and the mistakes. */
import type { ClassificationEvaluation, RegressionEvaluation } from "@rightsize/contract";
import { html, type Markup } from "./markup.ts";
import { counted, percent, rowNumber, shown } from "./numbers.ts";
import { pictureAddress } from "./picture.ts";
import { histogram, scatterPlot } from "./plots.ts";
import type { ReportFacts } from "./report-facts.ts";

/** Most classes of which the whole matrix is shown, mistakes listed, and confusions named beyond. */
const most = { classes: 20, mistakes: 24, confusions: 15 } as const;

export function evaluationSection({ evaluation, noEvaluation }: ReportFacts): Markup {
  if (evaluation === null) return html`<h2>Predictions</h2><p class="note">${noEvaluation ?? ""}</p>`;
  switch (evaluation.task) {
    case "regression":
      return regression(evaluation);
    case "classification":
      return classification(evaluation);
    default:
      return evaluation satisfies never;
  }
}

function regression({ pairs, residuals, target, rows, metrics, worst, notFinite }: RegressionEvaluation): Markup {
  const quantiles = residuals.quantiles.map(({ share, value }) => `${percent(share)}: ${shown(value)}`).join(" · ");
  return html`<h2>Predicted against actual</h2>
<p>${rows.sentence}</p>
<figure>${pairs.length === 0 ? null : scatterPlot(pairs, target)}<figcaption>${counted(pairs.length, "row")} of ${shown(rows.evaluated)}; on the line the prediction is right. Root mean squared error ${shown(metrics.rootMeanSquaredError)}, mean absolute error ${shown(metrics.meanAbsoluteError)}, R² ${shown(metrics.r2)}.${notFinite > 0 ? ` ${counted(notFinite, "prediction")} too large to be written.` : ""}</figcaption></figure>
<h3>Residuals (predicted − actual)</h3>
<p>${histogram(residuals.histogram.counts, "Residuals")} Mean ${shown(residuals.mean)}, deviation ${shown(residuals.deviation)}. Quantiles: ${quantiles}.</p>
<h3>The largest</h3>
<div class="wide"><table><thead><tr><th class="n">Row</th><th class="n">Actual</th><th class="n">Predicted</th><th class="n">Residual</th></tr></thead><tbody>${worst
    .slice(0, 10)
    .map(
      ({ row, actual, predicted }) =>
        html`<tr><td class="n">${rowNumber(row)}</td><td class="n">${shown(actual)}</td><td class="n">${shown(predicted)}</td><td class="n">${shown(predicted - actual)}</td></tr>`,
    )}</tbody></table></div>`;
}

function classification(evaluation: ClassificationEvaluation): Markup {
  const { rows, metrics, perClass, calibration, mistakes } = evaluation;
  return html`<h2>Predicted classes</h2>
<p>${rows.sentence} Accuracy ${percent(metrics.accuracy ?? null)}, log loss ${shown(metrics.logLoss)}.</p>
<h3>Confusion matrix</h3>${matrix(evaluation)}
<h3>Each class</h3>
<div class="wide"><table><thead><tr><th>Class</th><th class="n">Rows</th><th class="n">Predicted</th><th class="n">Precision</th><th class="n">Recall</th><th class="n">F1</th></tr></thead><tbody>${perClass
    .slice(0, 100)
    .map(
      ({ name, actual, predicted, precision, recall, f1 }) =>
        html`<tr><td class="text">${name}</td><td class="n">${shown(actual)}</td><td class="n">${shown(predicted)}</td><td class="n">${percent(precision)}</td><td class="n">${percent(recall)}</td><td class="n">${shown(f1)}</td></tr>`,
    )}</tbody></table></div>
<h3>Calibration</h3>
<div class="wide"><table><thead><tr><th>Probability of the predicted class</th><th class="n">Rows</th><th class="n">Mean probability</th><th class="n">Share right</th></tr></thead><tbody>${calibration.bins
    .filter(({ rows: count }) => count > 0)
    .map(
      ({ from, to, rows: count, meanProbability, shareRight }) =>
        html`<tr><td>${percent(from)} to ${percent(to)}</td><td class="n">${shown(count)}</td><td class="n">${percent(meanProbability)}</td><td class="n">${percent(shareRight)}</td></tr>`,
    )}</tbody></table></div><p class="note">Probabilities are off by ${percent(calibration.expectedError)} on average.</p>
<h3>Worst mistakes</h3>${mistakes.total === 0 ? html`<p>None.</p>` : mistakeList(evaluation)}`;
}

/** Rows are actual, columns predicted classes; of many classes only what is confused most. */
function matrix({ classes, confusion }: ClassificationEvaluation): Markup {
  if (classes.length > most.classes) {
    const confused = confusion
      .flatMap((counts, actual) =>
        counts.flatMap((count, predicted) => (actual === predicted || count === 0 ? [] : [{ actual, predicted, count }])),
      )
      .sort((a, b) => b.count - a.count)
      .slice(0, most.confusions);
    return html`<p>${counted(classes.length, "class")} are too many for a matrix here; most often confused:</p><ul>${confused.map(
      ({ actual, predicted, count }) => html`<li>${classes[actual]} taken for ${classes[predicted]}: ${shown(count)}</li>`,
    )}</ul>`;
  }
  return html`<div class="wide"><table class="heat"><thead><tr><th>actual ↓ predicted →</th>${classes.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${confusion.map(
    (counts, actual) => {
      const all = Math.max(
        1,
        counts.reduce((sum, count) => sum + count, 0),
      );
      return html`<tr><th>${classes[actual]}</th>${counts.map((count) => html`<td style="--share:${((count / all) * 0.6).toFixed(3)}">${count}</td>`)}</tr>`;
    },
  )}</tbody></table></div>`;
}

function mistakeList({ mistakes, image }: ClassificationEvaluation): Markup {
  const listed = mistakes.worst.slice(0, most.mistakes);
  const about = html`<p class="note">${counted(mistakes.total, "row")} predicted wrong; the actual class was least expected in these.</p>`;
  if (image === null) {
    return html`${about}<div class="wide"><table><thead><tr><th class="n">Row</th><th>Actual</th><th>Predicted</th><th class="n">Its probability</th><th class="n">Of the actual</th></tr></thead><tbody>${listed.map(
      ({ row, actual, predicted, probability, probabilityOfActual }) =>
        html`<tr><td class="n">${rowNumber(row)}</td><td class="text">${actual}</td><td class="text">${predicted}</td><td class="n">${percent(probability)}</td><td class="n">${percent(probabilityOfActual)}</td></tr>`,
    )}</tbody></table></div>`;
  }
  return html`${about}<ul class="mistakes">${listed.map(({ row, actual, predicted, probability, pixels }) => {
    const address = pixels === null ? null : pictureAddress(Buffer.from(pixels, "base64"), image);
    return html`<li>${address === null ? null : html`<img alt="Row ${rowNumber(row)}, ${actual}" src="${address}">`}${actual} taken for ${predicted} (${percent(probability)}), row ${rowNumber(row)}</li>`;
  })}</ul>`;
}
