/** What unfolds under a row: each decision about it with reason and evidence, and its runs. */
import type { ExperimentView, TrialView } from "@rightsize/contract";
import { capacityText } from "@rightsize/core";
import { actionText, type DecisionNote } from "../decision-notes.ts";
import { count, duration, plainWords, score } from "../format.ts";
import type { EpochView } from "../live.ts";
import { curveRun } from "../plot-data.ts";
import { metricText, scoreMetric } from "../scores.ts";
import type { TableRow } from "../table-rows.ts";
import { HeatStrips, Symptoms } from "./diagnostics.tsx";
import { EvidenceView } from "./evidence.tsx";
import { LayerStrips } from "./layer-strips.tsx";

export function TrialDetail({
  row,
  notes,
  experiment,
  epochsOf,
}: {
  row: TableRow;
  notes: readonly DecisionNote[];
  experiment: ExperimentView;
  epochsOf: (runId: string) => readonly EpochView[];
}) {
  const shown = curveRun(row.trial);
  // What a few epochs look like is no finding about the network.
  const whole = row.trial.runs.filter((run) => run.maxEpochs === undefined);
  return (
    <div className="trial-detail">
      <div className="decisions">
        {notes.length === 0 && <p className="quiet">No decision about this trial yet.</p>}
        {notes.map((note) => (
          <article key={note.sequence} className="decision">
            <p className="decision-line">
              <span className="decision-number">Decision {note.sequence}</span>
              <span className="quiet">
                {actionText(note.action)}
                {note.capacity !== null && ` ${capacityText(note.capacity)}`}
              </span>
            </p>
            <p className="reason">{note.reason}</p>
            {note.evidence !== null && <EvidenceView evidence={note.evidence} />}
          </article>
        ))}
      </div>
      <Symptoms runs={whole} experiment={experiment} />
      <HeatStrips runs={whole} />
      {shown !== undefined && <LayerStrips epochs={epochsOf(shown.id)} />}
      <Runs trial={row.trial} experiment={experiment} />
    </div>
  );
}

function Runs({ trial: { runs, score: trialScore }, experiment }: { trial: TrialView; experiment: ExperimentView }) {
  if (runs.length === 0) return null;
  const metric = scoreMetric(experiment.task);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard.
    <section className="scroll" tabIndex={0} aria-label="Runs of this trial">
      <table className="small-table">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col" className="number">
              Seed
            </th>
            <th scope="col" className="number">
              Fold
            </th>
            <th scope="col" className="number">
              Learning rate
            </th>
            <th scope="col" className="number">
              {metricText(metric)}
            </th>
            <th scope="col" className="number">
              Training loss
            </th>
            <th scope="col" className="number">
              Validation loss
            </th>
            <th scope="col" className="number">
              Best epoch
            </th>
            <th scope="col" className="number">
              Time
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <th scope="row">
                {run.purpose === "finalise" ? "final scoring, on the test rows" : plainWords(run.purpose)}
                {run.maxEpochs !== undefined && <span className="quiet"> of {count(run.maxEpochs)} epochs</span>}
              </th>
              <td className="number">{run.seed}</td>
              <td className="number">{run.fold}</td>
              <td className="number">{run.purpose === "finalise" ? "–" : run.learningRate}</td>
              <td className="number">{score(run.metrics?.[metric] ?? null)}</td>
              <td className="number">{score(run.trainingLoss)}</td>
              <td className="number">{score(run.validationLoss)}</td>
              <td className="number">
                {run.bestEpoch === null || run.purpose === "finalise" ? "–" : `${count(run.bestEpoch)} of ${count(run.epochs)}`}
              </td>
              <td className="number">{duration(run.trainMs)}</td>
              <td>
                {plainWords(run.state)}
                {run.capped && <span className="quiet"> at the epoch cap</span>}
                {trialScore !== null && run.state === "COMPLETED" && run.standsFor === null && run.purpose !== "finalise" && (
                  <span className="quiet">, not in the score</span>
                )}
                {run.reusedFrom !== null && <span className="quiet"> reused</span>}
                {run.reason !== null && <span className="quiet">: {run.reason}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
