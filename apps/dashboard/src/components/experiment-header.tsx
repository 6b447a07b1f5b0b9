/** An experiment's name, what it asks, its state, and what may be done with it. */
import type { ExperimentView, Problem } from "@rightsize/contract";
import { useEffect, useRef, useState } from "react";
import { api, asProblem, type ExperimentAction } from "../api-client.ts";
import { count } from "../format.ts";
import type { LiveState } from "../live.ts";
import { Link } from "../router.tsx";
import { useDatasetName } from "../use-dataset-name.ts";
import { Icon, type IconName } from "./icon.tsx";
import { LiveMark } from "./live-mark.tsx";
import { ProblemNote } from "./notes.tsx";
import { StateMark } from "./state-mark.tsx";

const actions: Record<ExperimentAction, { text: string; icon: IconName }> = {
  pause: { text: "Pause", icon: "pause" },
  resume: { text: "Resume", icon: "play" },
  cancel: { text: "Cancel", icon: "stop" },
};

function possible(state: ExperimentView["state"]): readonly ExperimentAction[] {
  if (state === "QUEUED" || state === "RUNNING") return ["pause", "cancel"];
  return state === "PAUSED" ? ["resume", "cancel"] : [];
}

export function ExperimentHeader({ experiment, live, onChanged }: { experiment: ExperimentView; live: LiveState; onChanged: () => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asking, setAsking] = useState(false);
  const datasetName = useDatasetName(experiment.dataset);
  const act = async (action: ExperimentAction) => {
    setBusy(true);
    setAsking(false);
    setProblem(null);
    try {
      await api.act(experiment.id, action);
      onChanged();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const { plan } = experiment;
  return (
    <header className="page-head">
      <p className="crumb">
        <Link href="/">Experiments</Link>
      </p>
      <div className="title-line">
        <h1>{experiment.name}</h1>
        <StateMark experiment={experiment} />
        <LiveMark connection={live.connection} />
        <span className="actions">
          {possible(experiment.state).map((action) => (
            <button
              key={action}
              type="button"
              className="button"
              disabled={busy}
              onClick={() => (action === "cancel" ? setAsking(true) : void act(action))}
            >
              <Icon name={actions[action].icon} /> {actions[action].text}
            </button>
          ))}
          <Link className="button" href={`/new?from=${encodeURIComponent(experiment.id)}`}>
            <Icon name="again" /> Ask again
          </Link>
        </span>
      </div>
      <p className="question">
        Predict <b>{experiment.target}</b> from{" "}
        <Link href={`/datasets/${experiment.dataset}`}>{datasetName ?? `${experiment.dataset.slice(0, 10)}…`}</Link>
        <span className="quiet">
          {" "}
          with {count(plan.inputs)} inputs; {count(plan.trainingRows)} rows to train on, {count(plan.validationRows)} to validate
          {plan.testRows > 0 && `, ${count(plan.testRows)} to test`}. Search <i>{experiment.preset}</i>, engine <i>{experiment.engine}</i>.
        </span>
      </p>
      {asking && <ConfirmCancel onYes={() => void act("cancel")} onNo={() => setAsking(false)} />}
      {problem !== null && <ProblemNote problem={problem} />}
    </header>
  );
}

function ConfirmCancel({ onYes, onNo }: { onYes: () => void; onNo: () => void }) {
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => yes.current?.focus(), []);
  return (
    <p className="confirm" role="alert">
      Cancel this experiment? What is training stops, and it can't be resumed; the trials so far stay.
      <button ref={yes} type="button" className="button danger" onClick={onYes}>
        Cancel the experiment
      </button>
      <button type="button" className="button" onClick={onNo}>
        Keep it
      </button>
    </p>
  );
}
