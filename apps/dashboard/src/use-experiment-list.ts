/** The list of experiments, page by page, kept fresh by the service's stream of events. */
import type { ExperimentItem, Problem } from "@rightsize/contract";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, asProblem } from "./api-client.ts";
import { type ListQuery, listParameters, passes, withItem, withoutItem, withPage } from "./experiment-list.ts";
import type { Connection } from "./held-stream.ts";
import { useServiceStream } from "./use-service-stream.ts";

export interface ExperimentList {
  /** null before the first answer. */
  readonly items: readonly ExperimentItem[] | null;
  readonly problem: Problem | null;
  readonly complete: boolean;
  readonly busy: boolean;
  readonly connection: Connection;
  readonly more: () => void;
  readonly reload: () => void;
}

interface Loaded {
  readonly items: readonly ExperimentItem[] | null;
  readonly cursor: string | null;
}

export function useExperimentList(query: ListQuery): ExperimentList {
  const [loaded, setLoaded] = useState<Loaded>({ items: null, cursor: null });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const now = useRef({ loaded, query });
  now.current = { loaded, query };
  const { filter, search } = query;
  const reading = useRef(0);
  /** A first reading is under way, and whether another must follow it. */
  const first = useRef({ underWay: false, again: false });

  /** Reads as many as are shown, from the newest on. */
  const reload = useCallback(() => {
    reading.current += 1;
    const turn = reading.current;
    const wanted = Math.max(1, now.current.loaded.items?.length ?? 0);
    setBusy(true);
    first.current = { underWay: true, again: false };
    const read = async () => {
      let items: readonly ExperimentItem[] = [];
      let cursor: string | null = null;
      do {
        const page = await api.experiments(cursor, listParameters({ filter, search }));
        items = withPage(items, page.items);
        cursor = page.cursor;
      } while (cursor !== null && items.length < wanted && turn === reading.current);
      return { items, cursor };
    };
    read()
      .then(
        (fresh) => {
          if (turn !== reading.current) return;
          setProblem(null);
          setLoaded(fresh);
        },
        (error: unknown) => turn === reading.current && setProblem(asProblem(error)),
      )
      .finally(() => {
        if (turn !== reading.current) return;
        const { again } = first.current;
        first.current = { underWay: false, again: false };
        setBusy(false);
        if (again) reload();
      });
  }, [filter, search]);
  /** The stream knows nothing of what changed before it opened: a reading that began earlier is shown, and followed by another. */
  const onReset = () => {
    if (first.current.underWay) first.current.again = true;
    else reload();
  };

  const more = useCallback(() => {
    const { cursor } = now.current.loaded;
    if (cursor === null) return;
    const turn = reading.current;
    setBusy(true);
    api
      .experiments(cursor, listParameters({ filter, search }))
      .then(
        (page) => {
          if (turn === reading.current) setLoaded((before) => ({ items: withPage(before.items ?? [], page.items), cursor: page.cursor }));
        },
        (error: unknown) => setProblem(asProblem(error)),
      )
      .finally(() => turn === reading.current && setBusy(false));
  }, [filter, search]);

  useEffect(() => {
    // Another question: its list begins at its first page; the old one is shown until then.
    now.current = { ...now.current, loaded: { items: null, cursor: null } };
    reload();
  }, [reload]);

  const change = (to: (items: readonly ExperimentItem[], complete: boolean) => readonly ExperimentItem[]) =>
    setLoaded((before) => (before.items === null ? before : { ...before, items: to(before.items, before.cursor === null) }));
  const connection = useServiceStream("experiments", {
    onReset,
    onRefused: reload,
    onExperiment: (item) => change((items, complete) => withItem(items, item, { belongs: passes(item, now.current.query), complete })),
    onGone: (id) => change((items) => withoutItem(items, id)),
  });
  return { ...loaded, problem, complete: loaded.items !== null && loaded.cursor === null, busy, connection, more, reload };
}
