/** All experiments, newest first: state, dataset, target, best score, and the path of scores so far; live, however many there are. */
import type { ExperimentItem as Item } from "@rightsize/contract";
import { useDeferredValue, useEffect, useState } from "react";
import { ExperimentItem } from "../components/experiment-item.tsx";
import { LiveMark } from "../components/live-mark.tsx";
import { EmptyNote, Loading, ProblemNote } from "../components/notes.tsx";
import type { ListFilter } from "../experiment-list.ts";
import { ago, counted } from "../format.ts";
import { Link } from "../router.tsx";
import { type ExperimentList, useExperimentList } from "../use-experiment-list.ts";
import { useNow } from "../use-now.ts";
import { usePageTitle } from "../use-page-title.ts";
import { useSettled } from "../use-settled.ts";
import { useWindow } from "../use-window.ts";

const filters: readonly { readonly filter: ListFilter; readonly text: string }[] = [
  { filter: "all", text: "All" },
  { filter: "open", text: "In progress" },
  { filter: "done", text: "Done" },
  { filter: "failed", text: "Failed or cancelled" },
];

export function ExperimentsPage() {
  usePageTitle("Experiments");
  const [filter, setFilter] = useState<ListFilter>("all");
  const [search, setSearch] = useState("");
  const list = useExperimentList({ filter, search: useSettled(search, 150) });
  const narrowed = filter !== "all" || search.trim() !== "";
  const nothing = list.items?.length === 0 && list.complete;
  return (
    <>
      <header className="page-head">
        <div className="title-line">
          <h1>Experiments</h1>
          <LiveMark connection={list.connection} />
        </div>
        <p className="question quiet">
          Each one makes a network bigger while that helps, steps back when it stops helping, and shows its reasons.
        </p>
      </header>
      {list.problem !== null && <ProblemNote problem={list.problem} onRetry={list.reload} />}
      {list.items === null && list.problem === null && <Loading what="the experiments" />}
      {nothing && !narrowed && <FirstSteps />}
      {list.items !== null && (narrowed || !nothing) && (
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
          <Lines list={list} items={list.items} />
        </>
      )}
    </>
  );
}

/** Draws the lines in view, and asks for older ones before the last is reached. */
function Lines({ list, items }: { list: ExperimentList; items: readonly Item[] }) {
  const shown = useDeferredValue(items);
  const { list: element, lines, lineHeight } = useWindow(shown.length);
  const now = useNow(true, 5_000);
  const nearEnd = lines.end > shown.length - 30;
  const { complete, busy, more, problem } = list;
  useEffect(() => {
    if (nearEnd && !complete && !busy && problem === null) more();
  }, [nearEnd, complete, busy, problem, more]);
  return (
    <>
      <ol ref={element} className="experiment-list" style={{ height: shown.length * lineHeight }}>
        {shown.slice(lines.first, lines.end).map((item, index) => (
          <ExperimentItem
            key={item.id}
            item={item}
            index={lines.first + index}
            count={complete ? shown.length : -1}
            top={(lines.first + index) * lineHeight}
            asked={ago(Date.parse(item.createdAt), now)}
          />
        ))}
      </ol>
      {shown.length === 0 && <p className="quiet list-foot">{complete ? "No experiment matches." : "Looking…"}</p>}
      <p className="quiet list-foot" role="status">
        {shown.length > 0 && counted(shown.length, "experiment")}
        {complete ? "" : " so far; older ones come as you scroll"}
      </p>
    </>
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
