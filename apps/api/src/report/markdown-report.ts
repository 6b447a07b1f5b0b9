/** The report as Markdown: the same facts without the plots. */
import { capacityText, sizeHeading } from "@rightsize/core";
import { markdownTable } from "../views/table-text.ts";
import { mostColumns } from "./html-data.ts";
import { counted, percent, rowNumber, shown, timeText } from "./numbers.ts";
import type { ReportFacts } from "./report-facts.ts";
import { reproduceCommand } from "./reproduce.ts";

export function markdownReport(facts: ReportFacts): string {
  const { experiment, snapshot, dataset, trials, evaluation, noEvaluation } = facts;
  const { spec, answer, plan } = experiment;
  const scores = trials.map(({ trial, score, deviation, runs }) => [
    ...[`${trial.number}`, capacityText(trial.capacity), shown(trial.parameterCount), shown(score)],
    ...[
      deviation === null ? "" : shown(deviation),
      `${runs}`,
      [trial.winner ? "the answer" : "", trial.verdict ?? ""].filter(Boolean).join(", "),
    ],
  ]);
  const told = reproduceCommand(experiment, dataset?.name ?? "table.csv");
  const sections = [
    `# ${plain(spec.name)}`,
    `How large should a network be that predicts ${plain(spec.target)} from ${plain(dataset?.name ?? "a table that is gone")}? A ${spec.task} by preset ${plain(spec.search.preset)}, asked ${timeText(experiment.createdAt)}.`,
    answer === null
      ? `No answer: the experiment is ${experiment.state}.`
      : `> ${answer.capacity === null ? "" : `**${sizeHeading(answer)}: ${capacityText(answer.capacity)}.** `}${plain(answer.sentence)}`,
    "## The trial table",
    markdownTable(snapshot).trimEnd(),
    table(["Trial", "Size", "Parameters", facts.metric, "± deviation", "Runs", "Verdict"], scores),
    ...(answer === null ? [] : ["## Scores", scoreTable(answer)]),
    "## Predictions",
    ...(evaluation === null ? [plain(noEvaluation ?? "")] : predictions(evaluation)),
    "## Why each step was taken",
    snapshot.decisions
      .map(({ sequence, decision }) => `${sequence}. ${plain(decision.reason)} _(${plain(decision.evidence.rule)})_`)
      .join("\n"),
    "## The data",
    `${counted(plan.trainingRows, "row")} train, ${shown(plan.validationRows)} validate, ${shown(plan.testRows)} test; ${counted(plan.inputs, "network input")}.`,
    ...(dataset === null
      ? []
      : [
          table(
            ["Column", "Type", "Gaps", "Different", "Smallest", "Largest"],
            dataset.columns
              .slice(0, mostColumns)
              .map(({ name, type, gapCount, distinctCount, minimum, maximum }) => [
                ...[name, type, shown(gapCount), shown(distinctCount), shown(minimum), shown(maximum)],
              ]),
          ),
        ]),
    ...[...(dataset?.warnings ?? []), ...(plan.warnings ?? [])].map((warning) => `- ${plain(warning)}`),
    "## Versions",
    [
      `- dataset ${spec.dataset}`,
      `- model ${answer?.modelArtifact ?? "none"}`,
      `- engine ${plain(experiment.engineFingerprint ?? "none")}`,
      `- policy ${plain(experiment.policyVersion)}`,
      `- Rightsize ${facts.version}`,
    ].join("\n"),
    "## To do it again",
    ...(told === null ? ["The request is too long for a page."] : [indented(told.shell), "request.json:", indented(told.request)]),
  ];
  return `${sections.join("\n\n")}\n`;
}

function scoreTable(answer: NonNullable<ReportFacts["experiment"]["answer"]>): string {
  const models = [["delivered", answer] as const, ...answer.baselines.map((baseline) => [`baseline: ${baseline.name}`, baseline] as const)];
  const names = [...new Set(models.flatMap(([, { validation, test }]) => Object.keys({ ...validation?.metrics, ...test?.metrics })))];
  const scoreOf = (scores: typeof answer.validation, name: string) =>
    shown((scores?.metrics as Record<string, number> | undefined)?.[name] ?? null);
  const rows = models.map(([name, { validation, test }]) => [
    name,
    ...names.flatMap((metric) => [scoreOf(validation, metric), scoreOf(test, metric)]),
  ]);
  return table(["Model", ...names.flatMap((name) => [`${name}, validation`, `${name}, test`])], rows);
}

function predictions(evaluation: NonNullable<ReportFacts["evaluation"]>): readonly string[] {
  const { rows } = evaluation;
  if (evaluation.task === "regression") {
    const { residuals, worst } = evaluation;
    return [
      plain(rows.sentence),
      `Residuals (predicted − actual): mean ${shown(residuals.mean)}, deviation ${shown(residuals.deviation)}; ${residuals.quantiles.map(({ share, value }) => `${percent(share)}: ${shown(value)}`).join(", ")}.`,
      table(
        ["Row", "Actual", "Predicted"],
        worst.slice(0, 10).map(({ row, actual, predicted }) => [rowNumber(row), shown(actual), shown(predicted)]),
      ),
    ];
  }
  const { perClass, classes, confusion } = evaluation;
  const matrix =
    classes.length > 20
      ? []
      : [
          table(
            ["actual ↓ predicted →", ...classes],
            confusion.map((counts, index) => [classes[index] ?? "", ...counts.map(String)]),
          ),
        ];
  return [
    plain(rows.sentence),
    ...matrix,
    table(
      ["Class", "Rows", "Precision", "Recall"],
      perClass
        .slice(0, mostColumns)
        .map(({ name, actual, precision, recall }) => [name, shown(actual), percent(precision), percent(recall)]),
    ),
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(" | ")} |`;
  return [line(header), `|${" --- |".repeat(header.length)}`, ...rows.map(line)].join("\n");
}

/** A text that no reader of Markdown takes for markup, on one line. */
function plain(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_[\]<>|#&]/g, (letter) =>
      letter === "<" ? "&lt;" : letter === ">" ? "&gt;" : letter === "&" ? "&amp;" : `\\${letter}`,
    );
}

/** A code block by indentation: no run of backticks inside can end it. */
const indented = (text: string) =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
