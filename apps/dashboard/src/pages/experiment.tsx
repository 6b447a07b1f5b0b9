/** One experiment: the answer or what is happening now, the trial table, its plots, and what it was asked. */
import { useCallback, useMemo, useState } from "react";
import { Answer } from "../components/answer.tsx";
import { EvaluationSection } from "../components/evaluation.tsx";
import { ExperimentDetails } from "../components/experiment-details.tsx";
import { ExperimentHeader } from "../components/experiment-header.tsx";
import { MoreRows } from "../components/more-rows.tsx";
import { Loading, ProblemNote } from "../components/notes.tsx";
import { PatienceReplay } from "../components/patience-replay.tsx";
import { Splits } from "../components/splits.tsx";
import { TrialTable } from "../components/trial-table.tsx";
import { WhatIf } from "../components/what-if.tsx";
import type { FeedState } from "../experiment-feed.ts";
import type { EpochView } from "../live.ts";
import { type CurveMeasure, capacityData, fullCurves, measuredMetrics, rateData, trialCurves } from "../plot-data.ts";
import { CapacityPlot } from "../plots/capacity-plot.tsx";
import { CurvesPlot } from "../plots/curves-plot.tsx";
import { RatesPlot } from "../plots/rates-plot.tsx";
import { lossFactor, metricText } from "../scores.ts";
import { useCurves } from "../use-curves.ts";
import { useFeed } from "../use-feed.ts";
import { usePageTitle } from "../use-page-title.ts";

export function ExperimentPage({ id }: { id: string }) {
  const feed = useFeed(id);
  usePageTitle(feed?.state.experiment?.name ?? "Experiment");
  if (feed === null || (feed.state.experiment === null && feed.state.problem === null)) return <Loading lines={9} what="the experiment" />;
  if (feed.state.experiment === null)
    return feed.state.problem === null ? null : <ProblemNote problem={feed.state.problem} onRetry={() => location.reload()} />;
  return <Loaded state={feed.state} experiment={feed.state.experiment} refresh={feed.refresh} />;
}

const noTrials: [] = [];
const none: readonly EpochView[] = [];

function Loaded({
  state,
  experiment,
  refresh,
}: {
  state: FeedState;
  experiment: NonNullable<FeedState["experiment"]>;
  refresh: () => void;
}) {
  const trials = state.table?.trials ?? noTrials;
  const stored = useCurves(trials);
  const [marked, setMarked] = useState<number | null>(null);
  const capacities = useMemo(() => capacityData(experiment, trials), [experiment, trials]);
  const { epochs: live } = state.live;
  // Live epochs win over stored ones where they reach further.
  const epochsOf = useCallback(
    (runId: string) => {
      const [fromLive = none, fromStore = none] = [live[runId], stored[runId]];
      return fromLive.length >= fromStore.length ? fromLive : fromStore;
    },
    [live, stored],
  );
  const [measure, setMeasure] = useState<CurveMeasure>("loss");
  const metrics = useMemo(() => measuredMetrics(Object.values(stored)), [stored]);
  const curves = useMemo(() => trialCurves(trials, epochsOf, measure), [trials, epochsOf, measure]);
  const rates = useMemo(() => rateData(experiment, trials), [experiment, trials]);
  const replayable = useMemo(() => fullCurves(trials, stored), [trials, stored]);
  const recipe = (experiment.spec.recipe ?? {}) as { patience?: number; minDelta?: number };
  const markedTrial = trials.find((trial) => trial.number === marked) ?? null;
  const factor = lossFactor(experiment);
  const metric = state.table?.metric ?? "Score";
  return (
    <article className="experiment">
      {state.problem !== null && <ProblemNote problem={state.problem} onRetry={() => location.reload()} />}
      <ExperimentHeader experiment={experiment} live={state.live} onChanged={refresh} />
      {experiment.stateReason !== null && (
        <p className="state-reason" data-state={experiment.state}>
          {experiment.stateReason}
        </p>
      )}
      {experiment.answer !== null && <Answer answer={experiment.answer} experiment={experiment} />}
      {state.table === null ? (
        <Loading what="the trials" />
      ) : (
        <TrialTable
          experiment={experiment}
          table={state.table}
          decisions={state.decisions ?? noTrials}
          live={state.live}
          epochsOf={epochsOf}
          marked={marked}
          onMark={setMarked}
        />
      )}
      <div className="plots">
        <CapacityPlot data={capacities} metric={metric} done={experiment.answer !== null} marked={marked} onMark={setMarked} />
        <CurvesPlot
          curves={curves}
          yName={measure !== "loss" ? metricText(measure) : factor === null ? "Validation loss" : metric}
          factor={measure === "loss" ? (factor ?? 1) : 1}
          metrics={metrics}
          measure={measure}
          onMeasure={setMeasure}
          marked={markedTrial?.id ?? null}
          onMark={(trialId) => setMarked(trials.find((trial) => trial.id === trialId)?.number ?? null)}
        />
        {rates.length > 0 && <RatesPlot data={rates} metric={metric} />}
      </div>
      <EvaluationSection experiment={experiment} />
      <PatienceReplay
        curves={replayable}
        patience={recipe.patience ?? 0}
        minDelta={recipe.minDelta ?? 0}
        factor={factor ?? 1}
        metric={metric}
      />
      <Splits experiment={experiment} trials={trials} metric={metric} />
      <MoreRows experiment={experiment} />
      <WhatIf experiment={experiment} trials={trials} />
      <ExperimentDetails experiment={experiment} events={state.live.events} />
    </article>
  );
}
