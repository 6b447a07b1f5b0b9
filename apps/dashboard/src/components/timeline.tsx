/** Who trained what and when: a lane a worker, a bar an attempt, lost work marked. Read when it is unfolded. */
import type { ExperimentView, TrialView } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import { useMemo, useRef, useState } from "react";
import { readLog, speculationText, timelineAttempts } from "../experiment-log.ts";
import { counted, duration, plainWords } from "../format.ts";
import { type TimelineAttempt, timelineGeometry } from "../plots/timeline-geometry.ts";
import { useWidth } from "../plots/use-width.ts";
import { useResource } from "../use-resource.ts";
import { Loading, ProblemNote } from "./notes.tsx";

const laneHeight = 26;
const left = 120;

export function Timeline({ experiment, trials }: { experiment: ExperimentView; trials: readonly TrialView[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Timeline of workers</summary>
      {open && <Lanes experiment={experiment} trials={trials} />}
    </details>
  );
}

function Lanes({ experiment, trials }: { experiment: ExperimentView; trials: readonly TrialView[] }) {
  const over = isTerminal("experiment", experiment.state);
  const { value, problem, reload } = useResource(`timeline ${experiment.id} ${experiment.eventCount}`, () =>
    readLog(experiment.id).then((lines) => timelineAttempts(lines, trials, over)),
  );
  // Another event asks for another reading; until it is there the last one is shown.
  const last = useRef<readonly TimelineAttempt[] | null>(null);
  last.current = value ?? last.current;
  const attempts = last.current;
  const [box, width] = useWidth<HTMLDivElement>();
  const geometry = useMemo(
    () => (attempts === null || width <= left ? null : timelineGeometry(attempts, width - left - 4, Date.now())),
    [attempts, width],
  );
  const names = new Map(attempts?.map(({ attempt, machine }) => [attempt.workerId, machine]));
  return (
    <div ref={box} className="timeline">
      {problem !== null && <ProblemNote problem={problem} onRetry={reload} />}
      {attempts === null && problem === null && <Loading lines={2} what="the timeline" />}
      {attempts !== null && attempts.length === 0 && <p className="quiet">Nothing has been trained yet.</p>}
      {geometry !== null && (
        <>
          <p className="quiet">
            {counted(geometry.bars.length, "attempt")} in {duration(geometry.endMs - geometry.startMs)};{" "}
            {geometry.wastedMs === 0
              ? "no work was lost."
              : `${duration(geometry.wastedMs)} of ${duration(geometry.workMs)} of work was lost or not needed.`}{" "}
            {experiment.speculation !== undefined && speculationText(experiment.speculation, over)}
          </p>
          {attempts?.some(({ speculative }) => speculative) && (
            <p className="legend">
              <span className="key key-early">begun before it was asked for</span>
              <span className="key key-wasted">lost or not needed</span>
            </p>
          )}
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
                <title>{`${datum.label}${datum.unused ? ", begun early and not needed" : datum.speculative ? ", begun before it was asked for" : ""}, attempt ${datum.attempt.number}: ${datum.attempt.end === null ? "going on" : plainWords(datum.attempt.end)}${datum.attempt.detail === null ? "" : `, ${datum.attempt.detail}`}`}</title>
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
