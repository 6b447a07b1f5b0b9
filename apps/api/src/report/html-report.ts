/** The report as one HTML page that needs nothing but itself: no script, no request, light, dark and paper. */
import { capacityText, endedByLimit, type Metrics, type Scores, type StoredDecision, sizeHeading, trialRemark } from "@rightsize/core";
import { nextStepWords } from "../views/table-text.ts";
import { dataSections } from "./html-data.ts";
import { evaluationSection } from "./html-evaluation.ts";
import { escaped, html, type Markup, styleSheet } from "./markup.ts";
import { counted, percent, shown, timeText } from "./numbers.ts";
import { capacityPlot, curvePlot } from "./plots.ts";
import type { ReportFacts } from "./report-facts.ts";
import { reportCss, reportPolicy } from "./style.ts";

export function htmlReport(facts: ReportFacts): string {
  const { experiment } = facts;
  const { spec } = experiment;
  const body = html`<main>
<header><h1>${spec.name}</h1>
<p class="about">How large should a network be that predicts <strong>${spec.target}</strong> from ${facts.dataset?.name ?? "a table that is gone"}? A ${spec.task} by preset ${spec.search.preset}, asked ${timeText(experiment.createdAt)}${experiment.endedAt === null ? html`, <strong>${experiment.state}</strong>` : html`, ended ${timeText(experiment.endedAt)}`}.</p>
${answerSection(facts)}</header>
${tableSection(facts)}
${evaluationSection(facts)}
${decisionSection(facts)}
${curveSection(facts)}
${diagnosticSection(facts)}
${dataSections(facts)}
</main>`;
  // Built of one template whose values are escaped, and of texts of ours.
  const page = html`<title>${spec.name}: ${endedByLimit(experiment.answer) ? "the best size so far" : "the right size"}</title>
${styleSheet(reportCss)}</head><body>
${body}
</body></html>
`;
  const policy = escaped(reportPolicy);
  const head = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="referrer" content="no-referrer">`;
  return `${head}\n${page.text}`;
}

function answerSection({ experiment }: ReportFacts): Markup {
  const { answer, state, stateReason, spec } = experiment;
  if (answer === null)
    return html`<p class="answer">No answer: the experiment is ${state}${stateReason === null ? "" : `, ${stateReason}`}.</p>`;
  const names: readonly (keyof Metrics)[] =
    spec.task === "regression"
      ? ["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "r2"]
      : ["logLoss", "accuracy", "macroF1", "auc"];
  const parts = ["validation", "test"] as const;
  const rows: readonly (readonly [string, { readonly validation: Scores | null; readonly test: Scores | null }])[] = [
    [
      answer.delivered.kind === "single" ? "delivered: the best run" : `delivered: the mean of ${answer.delivered.members.length} runs`,
      answer,
    ],
    ...(answer.single === null || answer.delivered.kind === "single" ? [] : [["the winner's best run alone", answer.single] as const]),
    ...answer.baselines.map((baseline) => [`baseline: ${baseline.name}`, baseline] as const),
  ];
  return html`<p class="answer">${answer.capacity === null ? answer.sentence : html`<strong>${sizeHeading(answer)}: ${capacityText(answer.capacity)}.</strong> ${answer.sentence}`}</p>
<div class="wide"><table><thead><tr><th>Model</th>${parts.map((part) => names.map((name) => html`<th class="n">${metricWords[name]}<br>${part}</th>`))}</tr></thead><tbody>${rows.map(
    ([name, scores]) =>
      html`<tr><td>${name}</td>${parts.map((part) => names.map((metric) => html`<td class="n">${metricText(metric, scores[part]?.metrics[metric])}</td>`))}</tr>`,
  )}</tbody></table></div>
<p class="note">The test rows were read once, after the last decision.${answer.validation === null ? " A mean over folds has no validation score: each fold's validation rows trained the other networks." : ""}${answer.beatsMean ? "" : " The answer does not beat predicting the mean."}</p>`;
}

const metricWords: Readonly<Record<keyof Metrics, string>> = {
  meanSquaredError: "MSE",
  rootMeanSquaredError: "RMSE",
  meanAbsoluteError: "MAE",
  r2: "R²",
  accuracy: "accuracy",
  logLoss: "log loss",
  macroF1: "macro F1",
  auc: "AUC",
};
const metricText = (name: keyof Metrics, value: number | undefined) =>
  name === "accuracy" ? percent(value ?? null) : shown(value ?? null);

const stepClass = { INCREASE_CAPACITY: "up", DECREASE_CAPACITY: "down", DONE: "done" } as const;

function tableSection({ trials, metric }: ReportFacts): Markup {
  if (trials.length === 0) return html`<h2>The trial table</h2><p>No trial was started.</p>`;
  const scored = trials.flatMap(({ trial, score, deviation, trainingScore }) =>
    score === null
      ? []
      : [
          {
            label: capacityText(trial.capacity),
            parameterCount: trial.parameterCount,
            score,
            deviation,
            trainingScore,
            winner: trial.winner,
          },
        ],
  );
  return html`<h2>The trial table</h2>
<div class="wide"><table><thead><tr><th class="n">Hidden layers</th><th class="n">Nodes per layer</th><th class="n">${metric}</th><th>Next step</th><th class="n">± deviation</th><th class="n">Runs</th><th class="n">Parameters</th><th>Verdict</th></tr></thead><tbody>${trials.map(
    ({ trial, score, deviation, runs }) =>
      html`<tr class="${trial.winner ? "winner" : "trial"}"><td class="n">${trial.capacity.hiddenLayers}</td><td class="n">${trial.capacity.nodesPerLayer}</td><td class="n">${score === null ? trialRemark(trial) || trial.state.toLowerCase() : shown(score)}</td><td>${
        trial.nextStep === null ? "" : html`<span class="${stepClass[trial.nextStep]}">${nextStepWords[trial.nextStep]}</span>`
      }</td><td class="n">${deviation === null ? "" : shown(deviation)}</td><td class="n">${runs}</td><td class="n">${shown(trial.parameterCount)}</td><td>${[trial.winner ? "the answer" : "", trial.verdict ?? ""].filter(Boolean).join(", ")}</td></tr>`,
  )}</tbody></table></div>
${
  scored.length < 2
    ? null
    : html`<figure>${capacityPlot(scored, metric)}<figcaption>Validation score over size, in the order in which sizes were tried (dashed); bars are one standard deviation over runs, hollow marks the training score, gold the answer.</figcaption></figure>`
}`;
}

function decisionSection({ snapshot }: ReportFacts): Markup {
  return html`<h2>Why each step was taken</h2><ol class="decisions">${snapshot.decisions.map(decisionItem)}</ol>`;
}

const actionWords = { START_TRIAL: "New trial", ADD_RUNS: "More runs", CHANGE_RECIPE: "Another recipe", FINISH: "End" } as const;

function decisionItem({ decision, hash, limit }: StoredDecision): Markup {
  const { evidence } = decision;
  const comparisons = evidence.comparisons.map(
    ({ trial, against, difference, standardError, verdict, detectableGap }) =>
      `trial ${trial} against ${against}: loss ${difference > 0 ? "+" : ""}${percent(difference)}${standardError === null ? "" : ` ± ${percent(standardError)}`}${verdict === null ? "" : `, ${verdict}`}${detectableGap === null ? "" : ` (a gap of ${percent(detectableGap)} would have shown)`}`,
  );
  const numbers = Object.entries(evidence.numbers).map(([name, value]) => `${name} ${shown(value)}`);
  const told = [
    `Rule: ${evidence.rule}`,
    ...comparisons,
    ...numbers,
    ...(limit === null ? [] : [`limit reached: ${limit.kind} (${limit.limit})`]),
  ];
  return html`<li><strong>${actionWords[decision.action]}.</strong> ${decision.reason}<div class="note">${told.join(" · ")} · <code>${hash.slice(0, 12)}</code></div></li>`;
}

function curveSection({ curves, trials }: ReportFacts): Markup | null {
  if (curves.length === 0) return null;
  const drawn = curves.map(({ trial, run, epochs }) => {
    const rate = `learning rate ${shown(run.learningRate)}`;
    return curvePlot(`Trial ${trial.number}, ${capacityText(trial.capacity)}, ${rate}`, epochs, run.result?.bestEpoch ?? 0);
  });
  const rest = trials.filter(({ best }) => best !== null).length - curves.length;
  return html`<h2>Learning curves</h2><div class="curves">${drawn}</div><p class="note">Loss over epochs of each trial's best run: training (thin), validation (thick), the kept epoch (gold).${rest > 0 ? ` ${counted(rest, "further trial")} not drawn.` : ""}</p>`;
}

function diagnosticSection({ trials }: ReportFacts): Markup | null {
  const told = trials.flatMap(({ trial, best }) => {
    const diagnostics = best?.result?.diagnostics ?? null;
    return diagnostics === null ? [] : [{ trial, diagnostics }];
  });
  if (told.length === 0) return null;
  return html`<h2>Diagnostics</h2>
<div class="wide"><table><thead><tr><th class="n">Trial</th><th>Size</th><th class="n">Dead units by layer</th><th class="n">Gradient norm by layer</th><th class="n">Update ratio by layer</th><th>Symptoms</th></tr></thead><tbody>${told.map(
    ({ trial, diagnostics: { layers, symptoms } }) =>
      html`<tr><td class="n">${trial.number}</td><td>${capacityText(trial.capacity)}</td><td class="lines">${layers.map(({ deadFraction }) => percent(deadFraction)).join("\n")}</td><td class="lines">${layers.map(({ gradientNorm }) => shown(gradientNorm)).join("\n")}</td><td class="lines">${layers.map(({ updateRatio }) => shown(updateRatio)).join("\n")}</td><td class="text">${symptoms.length === 0 ? "none" : symptoms.map(({ sentence }) => sentence).join(" ")}</td></tr>`,
  )}</tbody></table></div>`;
}
