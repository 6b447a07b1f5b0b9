/** The report's last sections: the table it is about, how networks were trained, versions and hashes, and how to do it again. */
import { createHash } from "node:crypto";
import type { ColumnProfile } from "@rightsize/core";
import { html, type Markup } from "./markup.ts";
import { counted, shown } from "./numbers.ts";
import { histogram } from "./plots.ts";
import type { ReportFacts } from "./report-facts.ts";
import { reproduceCommand, requestText } from "./reproduce.ts";

/** Most columns that are described. */
export const mostColumns = 100;

export function dataSections(facts: ReportFacts): Markup {
  return html`${dataset(facts)}${recipe(facts)}${versions(facts)}${reproduce(facts)}`;
}

function dataset({ dataset: table, experiment: { plan, spec } }: ReportFacts): Markup {
  const { trainingRows, validationRows, testRows, folds, inputs, droppedRows, leftOut } = plan;
  const split =
    folds > 1
      ? `${folds} folds of about ${shown(validationRows)} rows, each validating once; ${shown(testRows)} rows test.`
      : `${shown(trainingRows)} rows train, ${shown(validationRows)} validate, ${shown(testRows)} test.`;
  const warnings = [...(table?.warnings ?? []), ...(plan.warnings ?? [])];
  return html`<h2>The data</h2>
<p>${table === null ? "The dataset is gone." : `${table.name}: ${counted(table.rowCount, "row")}, ${counted(table.columns.length, "column")}, ${table.format}, ${shown(table.sizeBytes)} bytes.`} ${split} ${counted(inputs, "network input")}.${droppedRows > 0 ? ` ${counted(droppedRows, "row")} without a target left out.` : ""}</p>
${warnings.length === 0 ? null : html`<ul>${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`}
${table === null ? null : columnTable(table.columns, spec.target)}
${leftOut.length === 0 ? null : html`<h3>Columns left out</h3><ul>${leftOut.slice(0, mostColumns).map(({ name, reason }) => html`<li><strong>${name}</strong>: ${reason}</li>`)}</ul>`}`;
}

function columnTable(columns: readonly ColumnProfile[], target: string): Markup {
  const rest = columns.length - mostColumns;
  return html`<div class="wide"><table><thead><tr><th>Column</th><th>Type</th><th class="n">Gaps</th><th class="n">Different</th><th class="n">Smallest</th><th class="n">Mean</th><th class="n">Largest</th><th>Values</th><th>Remarks</th></tr></thead><tbody>${columns
    .slice(0, mostColumns)
    .map(
      (column) =>
        html`<tr class="${column.name === target ? "winner" : "column-row"}"><td class="text">${column.name}${column.name === target ? " (target)" : ""}</td><td>${column.type}</td><td class="n">${shown(column.gapCount)}</td><td class="n">${shown(column.distinctCount)}</td><td class="n">${bound(column, column.minimum)}</td><td class="n">${column.type === "date" ? "" : shown(column.mean)}</td><td class="n">${bound(column, column.maximum)}</td><td class="text">${column.histogram.length > 0 ? histogram(column.histogram, `Values of ${column.name}`) : column.examples.slice(0, 3).map(cut).join(", ")}</td><td class="text">${column.warnings.join(" ")}</td></tr>`,
    )}</tbody></table></div>${rest > 0 ? html`<p class="note">${counted(rest, "further column")} not shown.</p>` : null}`;
}

const cut = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

function bound({ type }: ColumnProfile, value: number | null): string {
  return type === "date" && value !== null && Math.abs(value) < 8.64e15 ? new Date(value).toISOString().slice(0, 10) : shown(value);
}

function recipe({ experiment: { spec } }: ReportFacts): Markup {
  const entries = Object.entries({
    ...spec.recipe,
    features: spec.features,
    split: splitOf(spec.split),
    search: spec.search,
    limits: spec.limits,
  });
  return html`<h2>The recipe</h2><dl>${entries.map(([name, value]) => html`<dt>${name}</dt><dd><code>${JSON.stringify(value)}</code></dd>`)}<dt>delivery</dt><dd><code>${JSON.stringify(spec.delivery)}</code></dd><dt>seed</dt><dd>${spec.seed}</dd></dl>`;
}

function splitOf(split: ReportFacts["experiment"]["spec"]["split"]): unknown {
  if (split.kind !== "rows") return split;
  return { kind: "rows", training: split.training.length, validation: split.validation.length, test: split.test.length };
}

function versions({ experiment, snapshot, version, trials }: ReportFacts): Markup {
  const { answer, spec, plan } = experiment;
  const decisions = createHash("sha256")
    .update(snapshot.decisions.map(({ text }) => text).join("\n"))
    .digest("hex");
  const weights = trials.find(({ trial }) => trial.winner)?.best?.result?.weightsArtifact;
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ["experiment", experiment.id],
    ["dataset (SHA-256)", spec.dataset],
    ["split and preprocessing (SHA-256)", plan.artifact],
    ["decisions (SHA-256 of their texts)", decisions],
    ["weights of the winner's best run (SHA-256)", weights],
    ["model (SHA-256)", answer?.modelArtifact],
    ["evaluation (SHA-256)", answer?.evaluationArtifact],
    ["engine", experiment.engineFingerprint],
    ["policy", experiment.policyVersion],
    ["Rightsize", version],
  ];
  return html`<h2>Versions and hashes</h2><dl>${facts.map(([name, value]) => (value == null ? null : html`<dt>${name}</dt><dd><code>${value}</code></dd>`))}</dl>`;
}

function reproduce({ experiment, dataset: table }: ReportFacts): Markup {
  const told = reproduceCommand(experiment, table?.name ?? "table.csv");
  return html`<h2>To do it again</h2>
<p>The same question on the same bytes, with the same engine, gives the same table bit by bit where the engine is deterministic.</p>
${
  told === null
    ? html`<p>The request has ${shown(requestText(experiment).length)} characters, too many for a page: <code>GET /v1/experiments/${experiment.id}</code> has it as <code>spec</code>.</p>`
    : html`<pre>${told.shell}</pre><h3>request.json</h3><pre>${told.request}</pre>`
}`;
}
