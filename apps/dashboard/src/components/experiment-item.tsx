/** One line of the list of experiments; its scores are read when it comes into view. */
import type { ExperimentView, TrialTable } from "@rightsize/contract";
import { capacityText, isTerminal } from "@rightsize/core";
import { memo, useEffect, useRef, useState } from "react";
import { api } from "../api-client.ts";
import { ago, counted, score } from "../format.ts";
import { Sparkline } from "../plots/bars.tsx";
import { Link } from "../router.tsx";
import { incumbent, metricText, scoreMetric, trialScore } from "../scores.ts";
import { useDatasetName } from "../use-dataset-name.ts";
import { StateMark } from "./state-mark.tsx";

/** Drawn again only when its experiment changes: the list may hold thousands. */
export const ExperimentItem = memo(function ExperimentItem({ experiment }: { experiment: ExperimentView }) {
  const line = useRef<HTMLLIElement>(null);
  const table = useTable(experiment, line);
  const datasetName = useDatasetName(experiment.dataset);
  const trials = table?.trials ?? [];
  const best = incumbent(trials);
  const scores = trials.map((trial) => trialScore(trial, experiment.task)).filter((value) => value !== null);
  const metric = metricText(scoreMetric(experiment.task));
  return (
    <li ref={line} className="experiment-item">
      <div className="item-name">
        <Link href={`/experiments/${experiment.id}`}>{experiment.name}</Link>
        <span className="quiet">
          {experiment.target} from {datasetName ?? `${experiment.dataset.slice(0, 10)}…`}
        </span>
      </div>
      <div className="item-state">
        <StateMark state={experiment.state} />
        <span className="quiet">{progressText(experiment, table)}</span>
      </div>
      <div className="item-spark">
        <Sparkline values={scores} label={`${metric} of ${counted(scores.length, "trial")}`} />
      </div>
      <div className="item-best">
        {best !== null && (
          <>
            <b title={metric}>{score(trialScore(best, experiment.task))}</b>
            <span className="quiet">{capacityText(best)}</span>
          </>
        )}
      </div>
      <time className="item-time quiet" dateTime={experiment.createdAt}>
        {ago(Date.parse(experiment.createdAt), Date.now())}
      </time>
    </li>
  );
});

function progressText(experiment: ExperimentView, table: TrialTable | null): string {
  if (table === null || table.trials.length === 0) return "";
  if (isTerminal("experiment", experiment.state)) return counted(table.trials.length, "trial");
  const current = table.trials.find((trial) => trial.state === "RUNNING" || trial.state === "PENDING");
  return current === undefined ? counted(table.trials.length, "trial") : `trial ${current.number}, ${capacityText(current)}`;
}

/** The trial table of a line that is in view, read again when the experiment has had more events. */
function useTable(experiment: ExperimentView, line: React.RefObject<HTMLLIElement | null>): TrialTable | null {
  const [table, setTable] = useState<TrialTable | null>(null);
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const target = line.current;
    if (target === null) return;
    const observer = new IntersectionObserver((entries) => setVisible(entries.some((entry) => entry.isIntersecting)));
    observer.observe(target);
    return () => observer.disconnect();
  }, [line]);
  // A higher event count asks for another reading.
  useEffect(() => {
    if (!visible) return;
    let shown = true;
    api.trials(experiment.id).then(
      (found) => {
        if (shown) setTable(found);
      },
      () => {},
    );
    return () => {
      shown = false;
    };
  }, [visible, experiment.id, experiment.eventCount]);
  return table;
}
