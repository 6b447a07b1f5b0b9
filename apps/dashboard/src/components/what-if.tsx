/** "What if…": the table told again under other rules from stored results, beside the one that was; and the way to go on from there. */
import type { ExperimentView, Problem, ReplayRequest, ReplayView, TrialView } from "@rightsize/contract";
import { capacityText, isTerminal } from "@rightsize/core";
import { useState } from "react";
import { api, asProblem } from "../api-client.ts";
import { counted, plain, scoreFormat } from "../format.ts";
import { go } from "../router.tsx";
import { continuation, leavesOf, noChange, replayRequestOf, searchOf, sideBySide, type WhatIfFields } from "../what-if.ts";
import { Select, TextField } from "./fields.tsx";
import { NextStepMark } from "./next-step.tsx";
import { ProblemNote } from "./notes.tsx";

type Answer = { readonly asked: ReplayRequest; readonly told: ReplayView };

export function WhatIf({ experiment, trials }: { experiment: ExperimentView; trials: readonly TrialView[] }) {
  const [fields, setFields] = useState<WhatIfFields>(noChange);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const own = searchOf(experiment);
  const recipe = (experiment.spec.recipe ?? {}) as { patience?: number; minDelta?: number };
  const change = (part: Partial<WhatIfFields>) => setFields((before) => ({ ...before, ...part }));
  const asked = replayRequestOf(experiment, fields);
  const tell = async () => {
    setBusy(true);
    setProblem(null);
    try {
      setAnswer({ asked, told: await api.replay(experiment.id, asked) });
    } catch (error) {
      setAnswer(null);
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  if (!isTerminal("experiment", experiment.state) && experiment.state !== "PAUSED") return null;
  return (
    <section className="what-if" aria-labelledby="what-if-title">
      <div className="section-line">
        <h2 id="what-if-title">What if…</h2>
      </div>
      <p className="quiet">The same question under other rules, told from the stored results. Nothing is trained.</p>
      <form action={() => void tell()}>
        <div className="fields">
          <TextField
            label="Patience, epochs"
            numeric
            value={fields.patience}
            placeholder={recipe.patience === undefined ? "its own" : String(recipe.patience)}
            hint="shorter is exact, from the stored curves"
            onChange={(patience) => change({ patience })}
          />
          <TextField
            label="Least improvement"
            numeric
            value={fields.minDelta}
            placeholder={plain(recipe.minDelta ?? 0)}
            onChange={(minDelta) => change({ minDelta })}
          />
          <Select label="Search" value={fields.preset} onChange={(preset) => change({ preset, leaves: new Map() })}>
            <option value="">{own.preset}, as it was</option>
            {["course", "default"]
              .filter((name) => name !== own.preset)
              .map((name) => (
                <option key={name}>{name}</option>
              ))}
          </Select>
        </div>
        {fields.preset === "" && <Parameters parameters={own.parameters} fields={fields} change={change} />}
        <p className="form-end">
          <button type="submit" className="button primary" disabled={busy || Object.keys(asked).length === 0}>
            {busy ? "Telling…" : "Tell the table again"}
          </button>
          {Object.keys(asked).length === 0 && <span className="quiet">Change a rule first.</span>}
        </p>
      </form>
      {problem !== null && <ProblemNote problem={problem} />}
      {answer !== null && <Told answer={answer} experiment={experiment} trials={trials} />}
    </section>
  );
}

function Parameters({
  parameters,
  fields,
  change,
}: {
  parameters: Readonly<Record<string, unknown>>;
  fields: WhatIfFields;
  change: (part: Partial<WhatIfFields>) => void;
}) {
  const leaves = leavesOf(parameters);
  if (leaves.length === 0) return null;
  const set = (path: string, own: string, text: string) => {
    const next = new Map(fields.leaves);
    if (text.trim() === "" || text === own) next.delete(path);
    else next.set(path, text);
    change({ leaves: next });
  };
  return (
    <details>
      <summary>Parameters of the search{fields.leaves.size > 0 && ` (${fields.leaves.size} changed)`}</summary>
      <div className="fields">
        {leaves.map(({ path, text }) => (
          <TextField key={path} label={path} value={fields.leaves.get(path) ?? text} onChange={(value) => set(path, text, value)} />
        ))}
      </div>
    </details>
  );
}

function Told({
  answer: { asked, told },
  experiment,
  trials,
}: {
  answer: Answer;
  experiment: ExperimentView;
  trials: readonly TrialView[];
}) {
  const rows = sideBySide(trials, told.trials);
  const score = scoreFormat(rows.flatMap(({ was, told: row }) => [was?.score ?? null, row?.score ?? null]));
  return (
    <div className="told">
      <p className="reason" role="status">
        {sentence(told, trials)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard. */}
      <section className="scroll" tabIndex={0} aria-label="As it was, and as it would be">
        <table className="small-table both-tables">
          <thead>
            <tr>
              <th scope="col" rowSpan={2}>
                Row
              </th>
              <th scope="colgroup" colSpan={3}>
                As it was
              </th>
              <th scope="colgroup" colSpan={3}>
                As it would be
              </th>
            </tr>
            <tr>
              {["was", "would be"].map((side) => [
                <th key={`${side} network`} scope="col">
                  Network
                </th>,
                <th key={`${side} score`} scope="col" className="number">
                  Score
                </th>,
                <th key={`${side} step`} scope="col">
                  Next step
                </th>,
              ])}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ was, told: row, differs }, index) => (
              <tr key={index} className={differs ? "differs" : undefined}>
                <th scope="row">{index + 1}</th>
                <Cells row={was} score={score} />
                <Cells row={row} score={score} />
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="quiet">Scores are the validation losses that decide.</p>
      {told.missing !== null && <p className="state-reason">{told.missing.sentence}</p>}
      {(told.missing !== null || !told.same) && <GoOn asked={asked} experiment={experiment} />}
    </div>
  );
}

type Row = ReplayView["trials"][number] | TrialView;
function Cells({ row, score }: { row: Row | null; score: (value: number | null) => string }) {
  if (row === null)
    return (
      <td colSpan={3} className="quiet">
        –
      </td>
    );
  return (
    <>
      <td>
        {capacityText(row)}
        {row.winner && <span className="answer-tag">the answer</span>}
      </td>
      <td className="number">{score(row.score)}</td>
      <td>{row.nextStep !== null && <NextStepMark step={row.nextStep} />}</td>
    </>
  );
}

function GoOn({ asked, experiment }: { asked: ReplayRequest; experiment: ExperimentView }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = async () => {
    setBusy(true);
    try {
      const made = await api.create(continuation(experiment, asked), `${experiment.id} what if ${JSON.stringify(asked)}`.slice(0, 200));
      go(`/experiments/${made.id}`);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const trainsAnew = asked.patience !== undefined || asked.minDelta !== undefined || asked.maxEpochs !== undefined;
  return (
    <>
      <p className="form-end">
        <button type="button" className="button" disabled={busy} onClick={() => void start()}>
          {busy ? "Starting…" : "Go on as a new experiment"}
        </button>
        <span className="quiet">
          {trainsAnew
            ? "Under another rule for stopping every run is trained again."
            : "Runs that are there already are taken over, not trained again."}
        </span>
      </p>
      {problem !== null && <ProblemNote problem={problem} />}
    </>
  );
}

function sentence(told: ReplayView, trials: readonly TrialView[]): string {
  if (told.same) return "Nothing would change: every decision is the same.";
  const was = trials.find((trial) => trial.winner);
  const now = told.trials.find((trial) => trial.winner);
  const rows = counted(told.trials.length, "row");
  if (now === undefined) return `The table would take another way, and ${rows} of it can be told.`;
  if (was !== undefined && capacityText(was) === capacityText(now))
    return `In ${rows} instead of ${trials.length}, and the answer would still be ${capacityText(now)}.`;
  return `In ${rows} instead of ${trials.length}, and the answer would be ${capacityText(now)}${was === undefined ? "" : ` instead of ${capacityText(was)}`}.`;
}
