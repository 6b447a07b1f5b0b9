/** Which decisions stand under which row, and their evidence as plain data. */
import type { DecisionView } from "@rightsize/contract";
import type { Capacity, Decision, Evidence } from "@rightsize/core";

export interface DecisionNote {
  readonly sequence: number;
  readonly action: DecisionView["action"];
  readonly reason: string;
  readonly evidence: Evidence | null;
  /** The capacity that a START_TRIAL asks for. */
  readonly capacity: Capacity | null;
  readonly hash: string;
}

/** The row that a decision stands under: the one it judged or gave more runs; the very first stands under the row it starts. */
export function rowOf(view: DecisionView): number | null {
  const decision = view.decision as Partial<Decision> & { about?: number | null; trial?: number };
  if (typeof decision.trial === "number") return decision.trial;
  if (typeof decision.about === "number") return decision.about;
  return view.action === "START_TRIAL" ? 1 : null;
}

/** A decision as its note; the stored decision is shown as found, so its parts are read carefully. */
export function noteOf(view: DecisionView): DecisionNote {
  const { evidence, capacity } = view.decision as { evidence?: Evidence; capacity?: Capacity };
  return {
    sequence: view.sequence,
    action: view.action,
    reason: view.reason,
    evidence: evidence && Array.isArray(evidence.comparisons) ? evidence : null,
    capacity: capacity && typeof capacity.hiddenLayers === "number" ? capacity : null,
    hash: view.hash,
  };
}

/** Notes by row number, in the order they were decided. */
export function notesByRow(decisions: readonly DecisionView[]): ReadonlyMap<number, readonly DecisionNote[]> {
  const notes = new Map<number, DecisionNote[]>();
  for (const view of decisions) {
    const row = rowOf(view);
    if (row === null) continue;
    const list = notes.get(row) ?? [];
    list.push(noteOf(view));
    notes.set(row, list);
  }
  return notes;
}

const actionWords: Record<DecisionView["action"], string> = {
  START_TRIAL: "Start a trial",
  ADD_RUNS: "Add runs",
  CHANGE_RECIPE: "Change the recipe",
  FINISH: "Finish",
};
export const actionText = (action: DecisionView["action"]): string => actionWords[action];
