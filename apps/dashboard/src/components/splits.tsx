/** How far a validation score can be trusted: a network's scores over splits and seeds as a strip, and the way to ask for ten splits. */
import type { ExperimentView, TrialView } from "@rightsize/contract";
import { capacityText, isTerminal } from "@rightsize/core";
import { useMemo } from "react";
import { score, spread } from "../format.ts";
import { tickTexts } from "../plots/scale.ts";
import { type StripDatum, stripGeometry, stripHeight } from "../plots/strip-geometry.ts";
import { useWidth } from "../plots/use-width.ts";
import { Link } from "../router.tsx";
import { comparableRuns, incumbent, scoreMetric } from "../scores.ts";

const left = 76;
const axisHeight = 40;

function stripData(experiment: ExperimentView, trials: readonly TrialView[]): readonly StripDatum[] {
  const best = incumbent(trials);
  return trials.map((trial) => ({
    label: capacityText(trial),
    strong: trial.id === best?.id,
    dots: comparableRuns(trial).flatMap((run) => {
      const value = run.metrics?.[scoreMetric(experiment.task)] ?? run.validationLoss;
      return value === null
        ? []
        : [{ score: value, name: experiment.plan.folds > 1 ? `split ${run.fold + 1}, seed ${run.seed}` : `seed ${run.seed}` }];
    }),
  }));
}

export function Splits({ experiment, trials, metric }: { experiment: ExperimentView; trials: readonly TrialView[]; metric: string }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const data = useMemo(() => stripData(experiment, trials), [experiment, trials]);
  const right = width - 118;
  const geometry = useMemo(() => (width > 0 ? stripGeometry(data, left, right, 6) : null), [data, width, right]);
  const best = incumbent(trials);
  if (best === null || best.score === null) return null;
  const folds = experiment.plan.folds;
  const several = data.some((datum) => datum.dots.length > 1);
  const ten = `/new?from=${encodeURIComponent(experiment.id)}&splits=10&size=${best.hiddenLayers}x${best.nodesPerLayer}`;
  const height = (geometry?.strips.length ?? 0) * stripHeight + axisHeight;
  const ticks = geometry?.x.ticks(Math.max(2, Math.floor((right - left) / 90))) ?? [];
  const texts = tickTexts(ticks);
  return (
    <section className="splits" aria-labelledby="splits-title">
      <div className="section-line">
        <h2 id="splits-title">How far to trust a score</h2>
        {isTerminal("experiment", experiment.state) && (
          <Link className="button" href={ten}>
            Try ten splits of {capacityText(best)}
          </Link>
        )}
      </div>
      <p className="quiet">
        {several
          ? `Every dot is one training of that network, ${folds > 1 ? `on one of ${folds} splits` : "with another seed on the same split"}; the bar is the mean ± one deviation.`
          : "Each network was trained once: another split of the same rows, or another seed, would give another score. Ten splits of one network show how far they lie apart."}
      </p>
      <div ref={box}>
        {several && geometry !== null && (
          <svg
            className="strip-plot"
            width={width}
            height={height}
            role="img"
            aria-label={`${metric} of each training: ${geometry.strips.map(({ datum, mean, deviation }) => `${datum.label} ${score(mean)} ± ${spread(deviation)} over ${datum.dots.length}`).join("; ")}`}
          >
            {ticks.map((tick, index) => (
              <g key={tick} className="axes">
                <line className="grid" x1={geometry.x.at(tick)} x2={geometry.x.at(tick)} y1={0} y2={height - axisHeight + 6} />
                <text x={geometry.x.at(tick)} y={height - 18} textAnchor="middle">
                  {texts[index]}
                </text>
              </g>
            ))}
            <text className="axis-name" x={right} y={height - 2} textAnchor="end">
              {metric}
            </text>
            {geometry.strips.map((strip) => (
              <g key={strip.datum.label} className={strip.datum.strong ? "strip strong" : "strip"}>
                <text x={0} y={strip.y} dy="0.32em">
                  {strip.datum.label}
                </text>
                <rect x={strip.low} y={strip.y - 12} width={Math.max(1, strip.high - strip.low)} height={24} rx={3} />
                <line x1={strip.meanX} x2={strip.meanX} y1={strip.y - 15} y2={strip.y + 15} />
                {strip.dots.map((dot) => (
                  <circle key={dot.name} cx={dot.x} cy={dot.y} r={4}>
                    <title>{`${dot.name}: ${score(dot.score)}`}</title>
                  </circle>
                ))}
                <text className="strip-value" x={width} y={strip.y} dy="0.32em" textAnchor="end">
                  {score(strip.mean)} ± {spread(strip.deviation)}
                </text>
              </g>
            ))}
          </svg>
        )}
      </div>
    </section>
  );
}
