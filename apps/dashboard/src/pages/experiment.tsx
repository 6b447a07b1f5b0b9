/** One experiment: the answer or what is happening now, the trial table, its plots, and what it was asked. */
import { useMemo, useState } from "react";
import { Answer } from "../components/answer.tsx";
import { ExperimentDetails } from "../components/experiment-details.tsx";
import { ExperimentHeader } from "../components/experiment-header.tsx";
import { Loading, ProblemNote } from "../components/notes.tsx";
import { PatienceReplay } from "../components/patience-replay.tsx";
import { Splits } from "../components/splits.tsx";
import { TrialTable } from "../components/trial-table.tsx";
import { WhatIf } from "../components/what-if.tsx";
import type { FeedState } from "../experiment-feed.ts";
import { capacityData, fullCurves, rateData, trialCurves } from "../plot-data.ts";
import { CapacityPlot } from "../plots/capacity-plot.tsx";
import { CurvesPlot } from "../plots/curves-plot.tsx";
import { RatesPlot } from "../plots/rates-plot.tsx";
import { lossFactor } from "../scores.ts";
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
  const curves = useMemo(() => trialCurves(trials, stored, state.live.epochs), [trials, stored, state.live.epochs]);
  const rates = useMemo(() => rateData(experiment, trials), [experiment, trials]);
  const replayable = useMemo(() => fullCurves(trials, stored), [trials, stored]);
  const recipe = (experiment.spec.recipe ?? {}) as { patience?: number; minDelta?: number };
  const markedTrial = trials.find((trial) => trial.number === marked) ?? null;
  const factor = lossFactor(experiment);
  const metric = state.table?.metric ?? "Score";
  return (
    <article className="experiment">
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
          marked={marked}
          onMark={setMarked}
        />
      )}
      <div className="plots">
        <CapacityPlot data={capacities} metric={metric} done={experiment.answer !== null} marked={marked} onMark={setMarked} />
        <CurvesPlot
          curves={curves}
          yName={factor === null ? "Validation loss" : metric}
          factor={factor ?? 1}
          marked={markedTrial?.id ?? null}
          onMark={(trialId) => setMarked(trials.find((trial) => trial.id === trialId)?.number ?? null)}
        />
        {rates.length > 0 && <RatesPlot data={rates} metric={metric} />}
      </div>
      <PatienceReplay
        curves={replayable}
        patience={recipe.patience ?? 0}
        minDelta={recipe.minDelta ?? 0}
        factor={factor ?? 1}
        metric={metric}
      />
      <Splits experiment={experiment} trials={trials} metric={metric} />
      <WhatIf experiment={experiment} trials={trials} />
      <ExperimentDetails experiment={experiment} trials={trials} events={state.live.events} />
    </article>
  );
}
