/** The trial table: the course's four columns, with parameters, verdict and time beside them; reasons unfold under each row. */
import type { DecisionView, ExperimentView, TrialTable as Table } from "@rightsize/contract";
import { isTerminal, trialRemark } from "@rightsize/core";
import { Fragment, useMemo, useState } from "react";
import { type DecisionNote, notesByRow } from "../decision-notes.ts";
import { count, duration, nextStepText, plainWords, score } from "../format.ts";
import type { EpochView, LiveState } from "../live.ts";
import { announcement, type LiveRow, type TableRow, tableRows } from "../table-rows.ts";
import { useNow } from "../use-now.ts";
import { Icon } from "./icon.tsx";
import { NextStepMark } from "./next-step.tsx";
import { TrialDetail } from "./trial-detail.tsx";

interface Props {
  readonly experiment: ExperimentView;
  readonly table: Table;
  readonly decisions: readonly DecisionView[];
  readonly live: LiveState;
  /** Epochs of a run, stored or live. */
  readonly epochsOf: (runId: string) => readonly EpochView[];
  /** The row that a plot points at, and the way to point from here. */
  readonly marked: number | null;
  readonly onMark: (number: number | null) => void;
}

export function TrialTable({ experiment, table, decisions, live, epochsOf, marked, onMark }: Props) {
  const over = isTerminal("experiment", experiment.state);
  const running = experiment.state === "RUNNING";
  const now = useNow(running);
  const rows = useMemo(() => tableRows(experiment, table, live, now), [experiment, table, live, now]);
  const notes = useMemo(() => notesByRow(decisions), [decisions]);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const allOpen = rows.length > 0 && rows.every((row) => open.has(row.trial.id));
  const deciding = rows.some((row) => row.decidingText !== null);
  const verdicts = rows.some((row) => row.trial.verdict !== null);
  const columns = 7 + (deciding ? 1 : 0) + (verdicts ? 1 : 0);
  const toggle = (id: string) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  return (
    <section className="trials" aria-labelledby="trials-title">
      <div className="section-line">
        <h2 id="trials-title">Trials</h2>
        {rows.length > 0 && (
          <button type="button" className="text-button" onClick={() => setOpen(new Set(allOpen ? [] : rows.map((row) => row.trial.id)))}>
            {allOpen ? "Hide all reasons" : "Show all reasons"}
          </button>
        )}
      </div>
      <p className="visually-hidden" role="status">
        {announcement(experiment, rows, table.metric, nextStepText)}
      </p>
      <table className="trial-table">
        <thead>
          <tr>
            <th scope="col" className="fold">
              <span className="visually-hidden">Trial</span>
            </th>
            <th scope="col" className="number">
              Hidden layers
            </th>
            <th scope="col" className="number">
              Nodes per layer
            </th>
            <th scope="col" className="number">
              {table.metric}
            </th>
            <th scope="col" className="step">
              Next step
            </th>
            <th scope="col" className="number side">
              Parameters
            </th>
            {deciding && (
              <th scope="col" className="number side wide" title="On the standardised target: the score that decides">
                Score
              </th>
            )}
            {verdicts && (
              <th scope="col" className="side wide">
                Verdict
              </th>
            )}
            <th scope="col" className="number side">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Fragment key={row.trial.id}>
              <Row
                row={row}
                open={open.has(row.trial.id)}
                marked={marked === row.trial.number}
                deciding={deciding}
                over={over}
                verdicts={verdicts}
                onToggle={() => toggle(row.trial.id)}
                onMark={onMark}
              />
              {open.has(row.trial.id) && (
                <DetailRow
                  row={row}
                  columns={columns}
                  notes={notes.get(row.trial.number) ?? []}
                  experiment={experiment}
                  epochsOf={epochsOf}
                />
              )}
            </Fragment>
          ))}
          {rows.length === 0 && (
            <tr className="waiting">
              <td colSpan={columns}>No trial yet: the first decision comes as soon as the experiment starts.</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  readonly row: TableRow;
  readonly open: boolean;
  readonly marked: boolean;
  readonly deciding: boolean;
  /** The experiment is at its end. */
  readonly over: boolean;
  readonly verdicts: boolean;
  readonly onToggle: () => void;
  readonly onMark: (number: number | null) => void;
}

function Row({ row, open, marked, deciding, over, verdicts, onToggle, onMark }: RowProps) {
  const { trial, live } = row;
  const classes = [
    "trial",
    live === null ? "" : "running",
    trial.winner ? "winner" : row.best ? "best" : "",
    marked ? "marked" : "",
    open ? "open" : "",
  ];
  return (
    // The row's button does the same for the keyboard.
    <tr
      className={classes.filter(Boolean).join(" ")}
      onClick={onToggle}
      onMouseEnter={() => onMark(trial.number)}
      onMouseLeave={() => onMark(null)}
      data-trial={trial.number}
    >
      <th scope="row" className="fold">
        <button
          type="button"
          className="fold-button"
          aria-expanded={open}
          aria-controls={`trial-${trial.number}-detail`}
          aria-label={`Trial ${trial.number}: why, and its runs`}
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
          onFocus={() => onMark(trial.number)}
          onBlur={() => onMark(null)}
        >
          <Icon name="chevron" />
          <span aria-hidden="true">{trial.number}</span>
        </button>
      </th>
      <td className="number">{trial.hiddenLayers}</td>
      <td className="number">{trial.hiddenLayers === 0 ? "–" : count(trial.nodesPerLayer)}</td>
      <td className="number score">
        <ScoreCell row={row} />
      </td>
      <td className="step">
        <StepCell row={row} over={over} />
      </td>
      <td className="number side">{count(trial.parameterCount)}</td>
      {deciding && <td className="number side wide">{row.decidingText}</td>}
      {verdicts && <td className="side wide">{trial.verdict === null ? "" : plainWords(trial.verdict)}</td>}
      <td className="number side">{duration(row.timeMs)}</td>
    </tr>
  );
}

function ScoreCell({ row }: { row: TableRow }) {
  const { trial, live } = row;
  if (live !== null && live.score !== null) {
    return (
      <span className="live-score" title="Validation score of the last epoch">
        {score(live.score)}
      </span>
    );
  }
  const remark = trialRemark(trial);
  if (remark !== "") return <span className={trial.state === "CANCELLED" ? "unscored quiet" : "unscored bad"}>{remark}</span>;
  return (
    <>
      {row.scoreText}
      {row.deviationText !== null && <small className="deviation"> {row.deviationText}</small>}
    </>
  );
}

function StepCell({ row, over }: { row: TableRow; over: boolean }) {
  const { trial, live } = row;
  return (
    <span className="step-cell">
      {trial.nextStep !== null && <NextStepMark step={trial.nextStep} />}
      {live !== null && <Progress live={live} />}
      {trial.nextStep === null && live === null && <span className="quiet">{over ? "–" : waitingText(trial.state)}</span>}
      {trial.winner && <span className="answer-tag">the answer</span>}
    </span>
  );
}

function waitingText(state: TableRow["trial"]["state"]): string {
  switch (state) {
    case "PENDING":
      return "waiting for a worker";
    case "RUNNING":
      return "between runs";
    case "COMPLETED":
      return "deciding";
    case "FAILED":
      return "failed";
    case "CANCELLED":
      return "cancelled";
    default:
      return state satisfies never;
  }
}

function Progress({ live }: { live: LiveRow }) {
  return (
    <span className="progress">
      <progress max={live.maxEpochs || 1} value={live.epoch} aria-label={`Epoch ${live.epoch} of at most ${live.maxEpochs}`} />
      <span>
        epoch {count(live.epoch)}
        {/* A repaired trial may train longer than the recipe that was asked for. */}
        {live.epoch <= live.maxEpochs && <span className="quiet"> of ≤ {count(live.maxEpochs)}</span>}
        {live.runCount > 1 && (
          <span className="quiet">
            , run {live.run} of {live.runCount}
          </span>
        )}
      </span>
    </span>
  );
}

function DetailRow({
  row,
  columns,
  notes,
  experiment,
  epochsOf,
}: {
  row: TableRow;
  columns: number;
  notes: readonly DecisionNote[];
  experiment: ExperimentView;
  epochsOf: Props["epochsOf"];
}) {
  return (
    <tr className="detail-row" id={`trial-${row.trial.number}-detail`}>
      <td colSpan={columns}>
        <TrialDetail row={row} notes={notes} experiment={experiment} epochsOf={epochsOf} />
      </td>
    </tr>
  );
}
