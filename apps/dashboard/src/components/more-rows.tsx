/** Would more rows help? The winner's size trained on fewer of them, on request; its curve grows as its runs end. */
import type { ExperimentView, LearningCurve, Problem } from "@rightsize/contract";
import { capacityText, isTerminal } from "@rightsize/core";
import { useEffect, useMemo, useState } from "react";
import { api, asProblem, authorisation } from "../api-client.ts";
import { count, plain, score } from "../format.ts";
import { connectLive } from "../live-connection.ts";
import { Axes } from "../plots/axes.tsx";
import { rowsGeometry } from "../plots/rows-geometry.ts";
import { useWidth } from "../plots/use-width.ts";
import { Link } from "../router.tsx";
import { ProblemNote } from "./notes.tsx";

/** The curve as it is trained: read where it was asked for, and again with each event of the experiment that trains it. */
function useLearningCurve(id: string, asked: boolean) {
  const [curve, setCurve] = useState<LearningCurve | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const take = (coming: Promise<LearningCurve>) =>
    coming.then(
      (found) => {
        setCurve(found);
        setProblem(null);
      },
      (error: unknown) => setProblem(asProblem(error)),
    );
  useEffect(() => {
    if (asked) void take(api.learningCurve(id));
  }, [id, asked]);
  const follow = curve === null || isTerminal("experiment", curve.state) ? null : curve.curveExperimentId;
  useEffect(() => {
    if (follow === null) return;
    let sequence = 0;
    let soon: ReturnType<typeof setTimeout> | null = null;
    const read = () => {
      soon ??= setTimeout(() => {
        soon = null;
        void take(api.learningCurve(id));
      }, 250);
    };
    const disconnect = connectLive({
      url: api.eventsPath(follow),
      headers: authorisation,
      lastSequence: () => sequence,
      isOver: () => false,
      dispatch: (action) => {
        if (action.kind === "event") {
          sequence = action.event.sequence;
          read();
        }
        if (action.kind === "ended") read();
      },
    });
    return () => {
      disconnect();
      if (soon !== null) clearTimeout(soon);
    };
  }, [follow, id]);
  return { curve, problem, start: () => take(api.startLearningCurve(id)) };
}

export function MoreRows({ experiment }: { experiment: ExperimentView }) {
  const { curve, problem, start } = useLearningCurve(experiment.id, experiment.learningCurve === true);
  const [busy, setBusy] = useState(false);
  if (experiment.answer?.capacity == null) return null;
  const ask = async () => {
    setBusy(true);
    await start();
    setBusy(false);
  };
  return (
    <section className="more-rows" aria-labelledby="more-rows-title">
      <div className="section-line">
        <h2 id="more-rows-title">Would more rows help?</h2>
        {curve === null && (
          <button type="button" className="button" disabled={busy} onClick={() => void ask()}>
            {busy ? "Starting…" : `Train ${capacityText(experiment.answer.capacity)} on fewer rows`}
          </button>
        )}
      </div>
      {problem !== null && <ProblemNote problem={problem} />}
      {curve === null ? (
        <p className="quiet">
          On an eighth, a quarter, half and all of the training rows, its loss tells whether more rows would gain more than more nodes.
        </p>
      ) : (
        <Curve curve={curve} />
      )}
    </section>
  );
}

function Curve({ curve }: { curve: LearningCurve }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const frame = { width, height: 260, left: 56, right: 16, top: 26, bottom: 44 };
  // The frame follows from the width alone.
  const geometry = useMemo(() => (width > 0 ? rowsGeometry(curve.points, frame) : null), [curve.points, width]);
  const over = isTerminal("experiment", curve.state);
  return (
    <>
      <p className="reason" role="status">
        {curve.sentence ?? (over ? (curve.stateReason ?? "The curve could not be completed.") : "Training on fewer rows…")}
      </p>
      <div className="plots">
        <div ref={box} className="plot plot-box">
          {geometry === null ? (
            <p className="plot-empty">The first point appears here when a run has ended.</p>
          ) : (
            <svg
              width={width}
              height={frame.height}
              role="img"
              aria-label={`Validation loss of ${capacityText(curve.capacity)} over training rows`}
            >
              <Axes frame={frame} x={geometry.x} y={geometry.y} xName="Training rows" yName="Validation loss" />
              <path className="rows-line" d={geometry.line} />
              {geometry.points.map(({ point, x, y, low, high }) => (
                <g key={point.rows} className="point">
                  {low !== null && high !== null && <path className="interval" d={`M${x} ${low}V${high}`} />}
                  <circle cx={x} cy={y} r={4.5} />
                </g>
              ))}
            </svg>
          )}
        </div>
        <table className="small-table">
          <thead>
            <tr>
              <th scope="col" className="number">
                Training rows
              </th>
              <th scope="col" className="number">
                Validation loss
              </th>
              <th scope="col" className="number">
                Runs
              </th>
            </tr>
          </thead>
          <tbody>
            {curve.points.map((point) => (
              <tr key={point.rows}>
                <th scope="row" className="number">
                  {count(point.rows)}
                </th>
                <td className="number">
                  {score(point.validationLoss)}
                  {point.deviation !== null && (
                    <small className="deviation"> ± {plain(Number((100 * point.deviation).toPrecision(2)))} %</small>
                  )}
                </td>
                <td className="number">
                  {point.runs} of {point.wanted}
                  {point.reused > 0 && <span className="quiet"> ({point.reused} reused)</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">
        It trains as <Link href={`/experiments/${curve.curveExperimentId}`}>an experiment of its own</Link>.
      </p>
    </>
  );
}
