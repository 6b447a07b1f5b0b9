/** The form for a new experiment: a dataset, a target, and defaults that need no touching. */
import type { DatasetView, Problem } from "@rightsize/contract";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, asProblem } from "../api-client.ts";
import { AdvancedFields } from "../components/advanced-fields.tsx";
import { ColumnTable } from "../components/column-table.tsx";
import { DatasetChoice } from "../components/dataset-choice.tsx";
import { DraftSelect, DraftText } from "../components/draft-fields.tsx";
import { Estimate, useEstimate } from "../components/estimate.tsx";
import { Select } from "../components/fields.tsx";
import { Loading, ProblemNote } from "../components/notes.tsx";
import { RequestPreview } from "../components/request-preview.tsx";
import { draftFrom, withSplits } from "../draft-again.ts";
import { fieldIssues } from "../field-issues.ts";
import { plainWords } from "../format.ts";
import { remedyFor } from "../remedies.ts";
import { type Draft, draftFor, emptyDraft, requestOf } from "../request-draft.ts";
import { go } from "../router.tsx";
import type { NewQuery } from "../routes.ts";
import { usePageTitle } from "../use-page-title.ts";

const searchHints: Readonly<Record<string, string>> = {
  course: "the textbook way: one fit a size, strictly better or not",
  grid: "every size of a grid, no search",
  random: "sizes drawn at random",
};

export function NewExperimentPage({ query }: { query: NewQuery }) {
  const { dataset: datasetId, from } = query;
  usePageTitle("New experiment");
  const [dataset, setDataset] = useState<DatasetView | null>(null);
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sending, setSending] = useState(false);
  // One key a question: pressing the button twice, or again after a lost answer, makes one experiment.
  const idempotency = useRef({ text: "", key: "" });
  const change = (part: Partial<Draft>) => {
    setProblem(null);
    setDraft((before) => ({ ...before, ...part }));
  };
  const choose = (chosen: DatasetView) => {
    setProblem(null);
    setDataset(chosen);
    setDraft((before) => draftFor(chosen, before));
  };
  useEffect(() => {
    let shown = true;
    const load = async () => {
      const old = from === null ? null : await api.experiment(from);
      const id = old?.dataset ?? datasetId;
      if (id === null) return;
      const found = await api.dataset(id);
      if (!shown) return;
      setDataset(found);
      const fresh = old === null ? draftFor(found) : draftFrom(old);
      const remedied = remedyFor(query.remedy)?.apply(fresh) ?? fresh;
      setDraft(query.splits === null || query.size === null ? remedied : withSplits(remedied, query.splits, query.size));
    };
    load().catch((error: unknown) => shown && setProblem(asProblem(error)));
    return () => {
      shown = false;
    };
  }, [datasetId, from, query]);
  const request = useMemo(() => requestOf(draft), [draft]);
  const estimate = useEstimate(request);
  const issues = fieldIssues((problem ?? estimate.problem)?.issues ?? [], draft);
  const fields = { draft, issues, change };
  const send = async () => {
    const text = JSON.stringify(request);
    if (idempotency.current.text !== text) idempotency.current = { text, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
    setSending(true);
    setProblem(null);
    try {
      const made = await api.create(request, idempotency.current.key);
      go(`/experiments/${made.id}`);
    } catch (error) {
      setProblem(asProblem(error));
      setSending(false);
    }
  };
  const waiting = dataset === null && problem === null && (datasetId !== null || from !== null);
  const target = dataset?.columns.find((column) => column.name === draft.target);
  return (
    <>
      <header className="page-head">
        <div className="title-line">
          <h1>New experiment</h1>
        </div>
        <p className="question quiet">Choose a table and the column to predict. Everything else has a sensible default.</p>
      </header>
      {waiting && <Loading what="the dataset" />}
      {!waiting && (
        <div className="form-and-preview">
          <form className="question-form" action={() => void send()}>
            <section aria-labelledby="step-data">
              <h2 id="step-data">Data</h2>
              <DatasetChoice chosen={dataset} onChoose={choose} />
            </section>
            {dataset !== null && (
              <>
                <section aria-labelledby="step-question">
                  <h2 id="step-question">Question</h2>
                  <div className="fields">
                    <Select
                      label="Column to predict"
                      value={draft.target}
                      issue={issues.target}
                      onChange={(value) => change({ target: value, task: "", exclude: draft.exclude.filter((name) => name !== value) })}
                    >
                      {dataset.columns.map((column) => (
                        <option key={column.name} value={column.name}>
                          {column.name} ({column.type}){column.name === dataset.suggestedTarget ? ", suggested" : ""}
                        </option>
                      ))}
                    </Select>
                    <DraftSelect {...fields} name="task" label="Task">
                      <option value="">as the column suggests</option>
                      <option value="regression">regression</option>
                      <option value="classification">classification</option>
                    </DraftSelect>
                    <Select
                      label="Search"
                      value={draft.preset}
                      issue={issues.preset}
                      onChange={(value) => change({ preset: value, parameters: "" })}
                      hint={searchHints[draft.preset]}
                    >
                      <option value="">the service's default</option>
                      <option value="course">course</option>
                      <option value="default">default</option>
                      <option value="grid">grid</option>
                      <option value="random">random</option>
                    </Select>
                    <DraftText {...fields} text name="name" label="Name" placeholder="made from data and target" />
                  </div>
                  {target !== undefined && target.warnings.length > 0 && (
                    <p className="warning">
                      {target.name}: {target.warnings.map(plainWords).join(", ")}.
                    </p>
                  )}
                </section>
                <AdvancedFields {...fields} columns={dataset.columns.map((column) => column.name)} />
                {problem !== null && <ProblemNote problem={problem} />}
                <p>
                  <button type="submit" className="button primary large" disabled={sending || draft.target === ""}>
                    {sending ? "Starting…" : "Find the right size"}
                  </button>
                </p>
              </>
            )}
            {dataset === null && problem !== null && <ProblemNote problem={problem} />}
          </form>
          {dataset !== null && (
            <div className="beside">
              <Estimate estimate={estimate} marked={Object.keys(issues).length > 0} />
              <RequestPreview request={request} />
            </div>
          )}
        </div>
      )}
      {dataset !== null && (
        <section aria-labelledby="profile-title">
          <div className="section-line">
            <h2 id="profile-title">What the table holds</h2>
          </div>
          {dataset.warnings.map((warning) => (
            <p key={warning} className="warning">
              {warning}
            </p>
          ))}
          <ColumnTable columns={dataset.columns} rowCount={dataset.rowCount} target={draft.target} />
        </section>
      )}
    </>
  );
}
