/** Who trained what and when: a lane a worker, a bar an attempt, lost work marked. Read when it is unfolded. */
import type { ExperimentView } from "@rightsize/contract";
import { capacityText, isTerminal } from "@rightsize/core";
import { useMemo, useRef, useState } from "react";
import { api } from "../api-client.ts";
import { speculationText } from "../experiment-log.ts";
import { counted, duration, plainWords } from "../format.ts";
import { type TimelineAttempt, type TimelineGeometry, timelineGeometry, timelineKind } from "../plots/timeline-geometry.ts";
import { useWidth } from "../plots/use-width.ts";
import { useResource } from "../use-resource.ts";
import { Loading, ProblemNote } from "./notes.tsx";

const laneHeight = 26;
const left = 120;

export function Timeline({ experiment }: { experiment: ExperimentView }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Timeline of workers</summary>
      {open && <Lanes experiment={experiment} />}
    </details>
  );
}

function Lanes({ experiment }: { experiment: ExperimentView }) {
  const over = isTerminal("experiment", experiment.state);
  const { value, problem, reload } = useResource(`timeline ${experiment.id} ${experiment.eventCount}`, () =>
    api.attempts(experiment.id).then(({ attempts }) => attempts.map((attempt) => ({ attempt, kind: timelineKind(attempt, over) }))),
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
  const names = new Map(attempts?.map(({ attempt }) => [attempt.workerId, attempt.machine]));
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
          <Legend geometry={geometry} />
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
                className={`attempt ${datum.kind}${wasted ? " wasted" : ""}`}
              >
                <title>{barTitle(datum)}</title>
                <rect x={left + x} y={lane * laneHeight + 3} width={barWidth} height={laneHeight - 7} rx={2} />
                {barWidth > 46 && (
                  <text x={left + x + 6} y={lane * laneHeight + 17}>
                    {sizeText(datum)}
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

const kindWords: Record<TimelineAttempt["kind"], string> = {
  asked: "",
  adopted: ", begun before it was asked for",
  open: ", begun early and not asked for yet",
  unused: ", begun early and not needed",
};

const sizeText = ({ attempt }: TimelineAttempt) => (attempt.capacity === null ? "" : capacityText(attempt.capacity));

function barTitle(datum: TimelineAttempt): string {
  const { number, end, detail } = datum.attempt;
  const row = datum.attempt.trial === null ? "" : `trial ${datum.attempt.trial}, `;
  const ended = end === null ? "going on" : plainWords(end);
  return `${row}${sizeText(datum)}${kindWords[datum.kind]}, attempt ${number}: ${ended}${detail === null ? "" : `, ${detail}`}`;
}

/** Only what is to be seen: most experiments have none of it. */
function Legend({ geometry }: { geometry: TimelineGeometry }) {
  const kinds = new Set(geometry.bars.map(({ datum }) => datum.kind));
  const wasted = geometry.bars.some((bar) => bar.wasted);
  if (!kinds.has("adopted") && !kinds.has("open") && !wasted) return null;
  return (
    <p className="legend">
      {kinds.has("adopted") && <span className="key key-adopted">begun before it was asked for</span>}
      {kinds.has("open") && <span className="key key-open">begun early, not asked for yet</span>}
      {wasted && <span className="key key-wasted">lost or not needed</span>}
    </p>
  );
}
