/** What changed lately for one owner: numbered, each thing once with its last state, so that a watcher who was away can catch up. */
import type { Experiment, ExperimentId, TrialSummary } from "@rightsize/core";

export type Change =
  | { readonly kind: "experiment"; readonly experiment: Experiment; readonly trials: readonly TrialSummary[] }
  | { readonly kind: "gone"; readonly id: ExperimentId };

/** Things that are remembered; whoever was away for more of them reads the lists again. */
const remembered = 2000;

export class OwnerChanges {
  /** Watchers now, and when the last one left: the changes are kept a while for those who come back. */
  watchers = 0;
  leftAtMs = 0;
  /** Tells these numbers from those of another process or an earlier time. */
  readonly #name: string;
  readonly #known = new Map<ExperimentId, number>();
  #open: readonly ExperimentId[] = [];
  /** By experiment, ordered by number. */
  readonly #changes = new Map<ExperimentId, { readonly number: number; readonly change: Change }>();
  #last = 0;
  #forgotten = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Notes that an experiment is as a watcher's own reading of the lists will show it. */
  know({ id, eventCount }: Experiment): void {
    this.#known.set(id, eventCount);
  }

  /** Whether this state of it was told or noted before. */
  knows({ id, eventCount }: Experiment): boolean {
    return (this.#known.get(id) ?? -1) >= eventCount;
  }

  /** Experiments that had not ended at the last look. */
  openIds(): readonly ExperimentId[] {
    return this.#open;
  }

  setOpen(ids: readonly ExperimentId[]): void {
    this.#open = ids;
  }

  add(change: Change): void {
    const id = change.kind === "gone" ? change.id : change.experiment.id;
    // It was read before it was deleted, and is told after: nobody would ever take it from a list again.
    if (change.kind === "experiment" && this.#changes.get(id)?.change.kind === "gone") return;
    if (change.kind === "experiment") this.know(change.experiment);
    else this.#known.delete(id);
    this.#changes.delete(id);
    this.#last += 1;
    this.#changes.set(id, { number: this.#last, change });
    for (const [oldest, { number }] of this.#changes) {
      if (this.#changes.size <= remembered) break;
      this.#changes.delete(oldest);
      this.#forgotten = number;
    }
  }

  /** The place from which a watcher who has everything so far may resume. */
  place(number = this.#last): string {
    return `${this.#name}.${number}`;
  }

  get last(): number {
    return this.#last;
  }

  /** The number of a place; null for a place of other numbers, or one whose changes are forgotten. */
  numberAt(place: string): number | null {
    const [name, text = ""] = place.split(".");
    const number = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    return name === this.#name && number >= this.#forgotten && number <= this.#last ? number : null;
  }

  /** What changed after a number, oldest first; null where some of it is forgotten. */
  after(number: number): readonly { readonly number: number; readonly change: Change }[] | null {
    if (number < this.#forgotten) return null;
    if (number === this.#last) return [];
    return [...this.#changes.values()].filter((entry) => entry.number > number);
  }
}
