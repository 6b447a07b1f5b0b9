/** The list of experiments as a value: pages put behind it, changes put into it, always newest first and each experiment once. */
import type { ExperimentItem, ExperimentView } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";

export const listFilters = ["all", "open", "done", "failed"] as const;
export type ListFilter = (typeof listFilters)[number];
export interface ListQuery {
  readonly filter: ListFilter;
  readonly search: string;
}

const statesOf: Readonly<Record<ListFilter, readonly ExperimentView["state"][] | null>> = {
  all: null,
  open: ["QUEUED", "RUNNING", "PAUSED"],
  done: ["SUCCEEDED"],
  failed: ["FAILED", "CANCELLED"],
};

/** The query as the API's parameters. */
export function listParameters({ filter, search }: ListQuery): Record<string, string> {
  const states = statesOf[filter];
  return { ...(states === null ? {} : { states: states.join(",") }), ...(search.trim() === "" ? {} : { search: search.trim() }) };
}

/** Whether an experiment belongs to a query's list, as the API decides it. */
export function passes(item: ExperimentView, { filter, search }: ListQuery): boolean {
  if (statesOf[filter]?.includes(item.state) === false) return false;
  const text = `${item.name} ${item.target} ${item.preset} ${item.dataset} ${item.id}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const newestFirst = (a: ExperimentView, b: ExperimentView) =>
  a.createdAt === b.createdAt ? (a.id < b.id ? 1 : -1) : a.createdAt < b.createdAt ? 1 : -1;

/** A page of older items behind those that are known. */
export function withPage(known: readonly ExperimentItem[], page: readonly ExperimentItem[]): readonly ExperimentItem[] {
  const ids = new Set(known.map((item) => item.id));
  return [...known, ...page.filter((item) => !ids.has(item.id))];
}

/** A changed or new item in its place. An old one, which a later page brings, is left out while there are such pages. */
export function withItem(
  known: readonly ExperimentItem[],
  item: ExperimentItem,
  { belongs, complete }: { readonly belongs: boolean; readonly complete: boolean },
): readonly ExperimentItem[] {
  const at = known.findIndex((other) => other.id === item.id);
  const before = known[at];
  if (before !== undefined) {
    if (!belongs) return known.toSpliced(at, 1);
    return before.eventCount > item.eventCount ? known : known.with(at, item);
  }
  if (!belongs) return known;
  const place = known.findIndex((other) => newestFirst(item, other) < 0);
  if (place >= 0) return known.toSpliced(place, 0, item);
  return complete || known.length === 0 ? [...known, item] : known;
}

export const withoutItem = (known: readonly ExperimentItem[], id: string): readonly ExperimentItem[] =>
  known.some((item) => item.id === id) ? known.filter((item) => item.id !== id) : known;

/** What it is at: `trial 3, 2×250`, with its runs where there are several; the number of trials at the end. */
export function progressText({ state, summary }: ExperimentItem): string {
  const { trials, current } = summary;
  const many = trials === 1 ? "1 trial" : `${trials} trials`;
  if (isTerminal("experiment", state) || current === null) return trials === 0 ? "" : many;
  const size = current.hiddenLayers === 0 ? "linear" : `${current.hiddenLayers}×${current.nodesPerLayer}`;
  const runs = current.runs > 1 ? `, run ${Math.min(current.runs, current.endedRuns + 1)} of ${current.runs}` : "";
  return `trial ${current.number}, ${size}${runs}`;
}
