/** The list of experiments, page by page; its first page is looked at again when the window comes back or something is in progress. */
import type { ExperimentView, Problem } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, asProblem } from "./api-client.ts";

export interface ExperimentList {
  /** null before the first answer. */
  readonly items: readonly ExperimentView[] | null;
  readonly problem: Problem | null;
  readonly complete: boolean;
  readonly busy: boolean;
  readonly more: () => void;
  readonly reload: () => void;
}

const lookAgainMs = 5_000;

/** Newer items before older ones; an item that comes again replaces the one that is known, unless nothing has happened to it. */
export function mergeFirstPage(known: readonly ExperimentView[], first: readonly ExperimentView[]): readonly ExperimentView[] {
  const before = new Map(known.map((item) => [item.id, item]));
  const changed = first.filter((item) => before.get(item.id)?.eventCount !== item.eventCount);
  if (changed.length === 0) return known;
  const fresh = new Map(changed.map((item) => [item.id, item]));
  return [...changed.filter((item) => !before.has(item.id)), ...known.map((item) => fresh.get(item.id) ?? item)];
}

export function useExperimentList(): ExperimentList {
  const [items, setItems] = useState<readonly ExperimentView[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const started = useRef(false);

  const reload = useCallback(() => {
    api.experiments(null).then(
      (page) => {
        setProblem(null);
        setItems((known) => (known === null ? page.items : mergeFirstPage(known, page.items)));
        if (!started.current) setCursor(page.cursor);
        started.current = true;
      },
      (error: unknown) => setProblem(asProblem(error)),
    );
  }, []);

  const more = useCallback(() => {
    if (cursor === null) return;
    setBusy(true);
    api
      .experiments(cursor)
      .then(
        (page) => {
          setItems((known) => {
            const ids = new Set(known?.map((item) => item.id));
            return [...(known ?? []), ...page.items.filter((item) => !ids.has(item.id))];
          });
          setCursor(page.cursor);
        },
        (error: unknown) => setProblem(asProblem(error)),
      )
      .finally(() => setBusy(false));
  }, [cursor]);

  useEffect(reload, [reload]);
  const inProgress = items?.some((item) => !isTerminal("experiment", item.state)) ?? false;
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", look);
    const timer = inProgress ? setInterval(look, lookAgainMs) : undefined;
    return () => {
      document.removeEventListener("visibilitychange", look);
      clearInterval(timer);
    };
  }, [inProgress, reload]);

  return { items, problem, complete: items !== null && cursor === null, busy, more, reload };
}
