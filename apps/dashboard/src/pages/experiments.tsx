/** All experiments, newest first: state, dataset, target, best score, and the path of scores so far. */
import type { ExperimentView } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { ExperimentItem } from "../components/experiment-item.tsx";
import { EmptyNote, Loading, ProblemNote } from "../components/notes.tsx";
import { counted, stateText } from "../format.ts";
import { Link } from "../router.tsx";
import { useExperimentList } from "../use-experiment-list.ts";
import { usePageTitle } from "../use-page-title.ts";

type Filter = "all" | "open" | "SUCCEEDED" | "FAILED";
const filters: readonly { readonly filter: Filter; readonly text: string }[] = [
  { filter: "all", text: "All" },
  { filter: "open", text: "In progress" },
  { filter: "SUCCEEDED", text: "Done" },
  { filter: "FAILED", text: "Failed or cancelled" },
];

function passes(experiment: ExperimentView, filter: Filter, words: string): boolean {
  const over = isTerminal("experiment", experiment.state);
  if (filter === "open" && over) return false;
  if (filter === "SUCCEEDED" && experiment.state !== "SUCCEEDED") return false;
  if (filter === "FAILED" && experiment.state !== "FAILED" && experiment.state !== "CANCELLED") return false;
  const text =
    `${experiment.name} ${experiment.target} ${experiment.preset} ${experiment.dataset} ${stateText(experiment.state)}`.toLowerCase();
  return words.split(/\s+/).every((word) => text.includes(word));
}

export function ExperimentsPage() {
  usePageTitle("Experiments");
  const list = useExperimentList();
  const [filter, setFilter] = useState<Filter>("all");
  const [search, setSearch] = useState("");
  const narrowed = filter !== "all" || search.trim() !== "";
  const shown = useMemo(
    () => (list.items ?? []).filter((experiment) => passes(experiment, filter, search.trim().toLowerCase())),
    [list.items, filter, search],
  );
  return (
    <>
      <header className="page-head">
        <div className="title-line">
          <h1>Experiments</h1>
        </div>
        <p className="question quiet">
          Each one makes a network bigger while that helps, steps back when it stops helping, and shows its reasons.
        </p>
      </header>
      {list.problem !== null && <ProblemNote problem={list.problem} onRetry={list.reload} />}
      {list.items === null && list.problem === null && <Loading what="the experiments" />}
      {list.items !== null && list.items.length === 0 && <FirstSteps />}
      {list.items !== null && list.items.length > 0 && (
        <>
          <search className="filters">
            <label className="search">
              <span className="visually-hidden">Search experiments</span>
              <input
                type="search"
                placeholder="Search name, target, preset"
                value={search}
                onChange={(event) => setSearch(event.target.value)}
              />
            </label>
            <fieldset className="choices">
              <legend className="visually-hidden">State</legend>
              {filters.map((choice) => (
                <label key={choice.filter}>
                  <input type="radio" name="state" checked={filter === choice.filter} onChange={() => setFilter(choice.filter)} />
                  <span>{choice.text}</span>
                </label>
              ))}
            </fieldset>
          </search>
          <p className="list-head" aria-hidden="true">
            <span>Question</span>
            <span>State</span>
            <span>Scores</span>
            <span>Best so far</span>
            <span>Asked</span>
          </p>
          <ol className="experiment-list">
            {shown.map((experiment) => (
              <ExperimentItem key={experiment.id} experiment={experiment} />
            ))}
          </ol>
          {shown.length === 0 && list.complete && <p className="quiet">No experiment matches.</p>}
          {!list.complete && <More eager={narrowed} onMore={list.more} busy={list.busy} />}
          <p className="quiet list-foot">
            {counted(shown.length, "experiment")}
            {list.complete ? "" : " so far"}
          </p>
        </>
      )}
    </>
  );
}

/** Asks for the next page when it comes into view; while a search is on, until there is no more. */
function More({ eager, onMore, busy }: { eager: boolean; onMore: () => void; busy: boolean }) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (busy) return;
    if (eager) return onMore();
    const target = mark.current;
    if (target === null) return;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && onMore(), {
      rootMargin: "600px",
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [eager, busy, onMore]);
  return (
    <div ref={mark} className="more">
      <button type="button" className="button" onClick={onMore} disabled={busy}>
        {busy ? "Loading more…" : "More"}
      </button>
    </div>
  );
}

function FirstSteps() {
  return (
    <EmptyNote title="Nothing has been asked yet">
      <p>
        Bring a table with a column that you want to predict. Rightsize trains a small network, makes it bigger while its validation score
        improves, and tells you when to stop.
      </p>
      <p>
        <Link className="button primary" href="/new">
          Ask the first question
        </Link>
      </p>
    </EmptyNote>
  );
}
