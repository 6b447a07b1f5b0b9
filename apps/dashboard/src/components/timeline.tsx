/** Who trained what and when: a lane a worker, a bar an attempt, lost work marked. Read when it is unfolded. */
import type { TrialView, WorkerView } from "@rightsize/contract";
import { capacityText } from "@rightsize/core";
import { useMemo, useState } from "react";
import { api } from "../api-client.ts";
import { counted, duration, plainWords } from "../format.ts";
import { type TimelineAttempt, timelineGeometry } from "../plots/timeline-geometry.ts";
import { useWidth } from "../plots/use-width.ts";
import { useResource } from "../use-resource.ts";
import { Loading, ProblemNote } from "./notes.tsx";

const laneHeight = 26;
const left = 120;

export function Timeline({ trials }: { trials: readonly TrialView[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Timeline of workers</summary>
      {open && <Lanes trials={trials} />}
    </details>
  );
}

async function readAttempts(trials: readonly TrialView[]): Promise<{ attempts: TimelineAttempt[]; workers: readonly WorkerView[] }> {
  const [{ workers }, ...details] = await Promise.all([api.workers(), ...trials.map((trial) => api.trial(trial.id))]);
  const attempts = details.flatMap((detail) =>
    detail.attempts.map((attempt) => ({ attempt, label: capacityText(detail), speculative: detail.speculative })),
  );
  return { attempts, workers };
}

function Lanes({ trials }: { trials: readonly TrialView[] }) {
  const ended = trials.reduce((sum, trial) => sum + trial.runs.filter((run) => run.endedAt !== null).length, 0);
  const { value, problem, reload } = useResource(`timeline ${trials[0]?.id} ${ended}`, () => readAttempts(trials));
  const [box, width] = useWidth<HTMLDivElement>();
  const geometry = useMemo(
    () => (value === null || width <= left ? null : timelineGeometry(value.attempts, width - left - 4, Date.now())),
    [value, width],
  );
  const names = new Map(value?.workers.map((worker) => [worker.id, worker.machine]));
  return (
    <div ref={box} className="timeline">
      {problem !== null && <ProblemNote problem={problem} onRetry={reload} />}
      {value === null && problem === null && <Loading lines={2} what="the timeline" />}
      {value !== null && value.attempts.length === 0 && <p className="quiet">Nothing has been trained yet.</p>}
      {geometry !== null && (
        <>
          <p className="quiet">
            {counted(geometry.bars.length, "attempt")} in {duration(geometry.endMs - geometry.startMs)};{" "}
            {geometry.wastedMs === 0
              ? "no work was lost."
              : `${duration(geometry.wastedMs)} of ${duration(geometry.workMs)} of work was lost.`}
          </p>
          <svg
            width={width}
            height={geometry.lanes.length * laneHeight + 4}
            role="img"
            aria-label={`Attempts over time on ${counted(geometry.lanes.length, "worker slot")}`}
          >
            {geometry.lanes.map((lane, index) => (
              <g key={`${lane.workerId} ${index}`}>
                <text x={0} y={index * laneHeight + 17}>
                  {(names.get(lane.workerId) ?? lane.workerId).slice(0, 16)}
                </text>
                <line className="lane" x1={left} x2={width} y1={index * laneHeight + 24.5} y2={index * laneHeight + 24.5} />
              </g>
            ))}
            {geometry.bars.map(({ datum, x, width: barWidth, lane, wasted }) => (
              <g
                key={`${datum.attempt.assignmentId} ${datum.attempt.number}`}
                className={`attempt${wasted ? " wasted" : ""}${datum.speculative ? " speculative" : ""}`}
              >
                <title>{`${datum.label}, attempt ${datum.attempt.number}: ${datum.attempt.end === null ? "going on" : plainWords(datum.attempt.end)}${datum.attempt.detail === null ? "" : `, ${datum.attempt.detail}`}`}</title>
                <rect x={left + x} y={lane * laneHeight + 3} width={barWidth} height={laneHeight - 7} rx={2} />
                {barWidth > 46 && (
                  <text x={left + x + 6} y={lane * laneHeight + 17}>
                    {datum.label}
                  </text>
                )}
              </g>
            ))}
          </svg>
        </>
      )}
    </div>
  );
}
