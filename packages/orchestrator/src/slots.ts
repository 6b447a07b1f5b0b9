/** The slots of a worker: each assignment gets a free trainer; idle ones speculate, and are given up as soon as asked-for work needs them. */
import { type AssignmentId, asRightsizeError, type ExperimentId, type Trainer } from "@rightsize/core";
import { type CarryOutDependencies, carryOut } from "./carry-out.ts";
import { createSpeculator } from "./speculation.ts";

export interface SlotsOptions extends CarryOutDependencies {
  /** One a slot. */
  readonly trainers: readonly Trainer[];
  /** Whether idle slots train what may be asked for soon. */
  readonly speculation: boolean;
  /** The worker's own end: whatever is trained is released. */
  readonly ending: AbortSignal;
}
export interface Slots {
  /**
   * Carries out an assignment, and what its experiment asks this slot for next; resolves when the slot is given back. False at once where
   * every slot is busy with what was asked for (a run that was adopted came by no job, so the queue can't know): another worker may be free.
   */
  carryOut(assignment: AssignmentId): Promise<boolean>;
  /** Lets idle slots look for something to speculate on, and stops what is no longer worth it. Cheap; call it whenever something may have changed. */
  look(): Promise<void>;
  /** Resolves when no slot is busy any more. */
  idle(): Promise<void>;
}

/** Experiments looked at for one look. */
const mostExperiments = 16;

export function createSlots(options: SlotsOptions): Slots {
  const { store, ids, trainers, speculation, ending, log } = options;
  const free: Trainer[] = [...trainers];
  /** Asked-for assignments that wait for a trainer, the oldest first. */
  const waiting: ((trainer: Trainer) => void)[] = [];
  const speculating = new Map<AssignmentId, { readonly experiment: ExperimentId; readonly stop: AbortController }>();
  const busy = new Set<Promise<unknown>>();
  const speculator = createSpeculator(store, ids, trainers.length);
  const fingerprints = Object.values(trainers[0]?.fingerprints ?? {});
  let looking: Promise<void> | null = null;
  let again = false;

  const giveBack = (trainer: Trainer) => {
    const next = waiting.shift();
    if (next !== undefined) return next(trainer);
    free.push(trainer);
    void look();
  };

  const trainerFor = async (): Promise<Trainer | null> => {
    const trainer = free.pop();
    if (trainer !== undefined) return trainer;
    let take = (_trainer: Trainer) => {};
    const given = new Promise<Trainer>((resolve) => {
      take = resolve;
    });
    waiting.push(take);
    if (await stopOne()) return given;
    const place = waiting.indexOf(take);
    // One became free meanwhile.
    if (place < 0) return given;
    waiting.splice(place, 1);
    return null;
  };

  /** Stops the youngest run that nobody has asked for, if there is one; the queue's priorities never would, since it runs already. */
  const stopOne = async (): Promise<boolean> => {
    const running = [...speculating.keys()].filter((id) => speculating.get(id)?.stop.signal.aborted === false);
    if (running.length === 0) return false;
    // One that was adopted meanwhile is asked-for work as well. A store that can't be reached can't say so: then it is only put off.
    const unasked = await store.work.speculativeAmong(running).catch(() => running);
    const youngest = running.filter((id) => unasked.includes(id) && speculating.get(id)?.stop.signal.aborted === false).at(-1);
    if (youngest !== undefined) speculating.get(youngest)?.stop.abort();
    return youngest !== undefined;
  };

  const track = <Result>(work: Promise<Result>): Promise<Result> => {
    const tracked = work.finally(() => busy.delete(tracked));
    busy.add(tracked);
    return tracked;
  };

  /** An experiment's next assignment is taken on at once: its data is warm here, and the queue would only bring it back. */
  const chain = async (trainer: Trainer, first: AssignmentId, signal: AbortSignal): Promise<void> => {
    try {
      for (let next: AssignmentId | null = first; next !== null && !ending.aborted; ) {
        const end: { readonly next: AssignmentId | null } = await carryOut(options, trainer, next, next === first ? signal : ending);
        if (next === first) speculating.delete(first);
        next = end.next;
      }
    } catch (error) {
      log("warn", "the assignment was not carried out", { assignmentId: first, error: asRightsizeError(error).message });
    } finally {
      speculating.delete(first);
      giveBack(trainer);
    }
  };

  const speculate = (trainer: Trainer, experiment: ExperimentId, assignment: AssignmentId) => {
    const stop = new AbortController();
    speculating.set(assignment, { experiment, stop });
    void track(chain(trainer, assignment, AbortSignal.any([ending, stop.signal])));
  };

  const lookOnce = async () => {
    const experiments = new Set([...speculating.values()].map(({ experiment }) => experiment));
    if (free.length > 0) for (const id of await store.experiments.speculable(fingerprints, mostExperiments)) experiments.add(id);
    for (const id of experiments) {
      if (ending.aborted) return;
      for (const assignment of await speculator.begin(id, free.length)) {
        // Asked-for work may have come for the slot meanwhile; what was written waits for another idle one.
        const trainer = speculating.has(assignment) ? undefined : free.pop();
        if (trainer !== undefined) speculate(trainer, id, assignment);
      }
    }
  };

  const looks = async () => {
    while (again && !ending.aborted) {
      again = false;
      if (free.length === 0 && speculating.size === 0) continue;
      await lookOnce().catch((error: unknown) => log("debug", "could not speculate", { error: asRightsizeError(error).message }));
    }
  };
  const look = async (): Promise<void> => {
    if (!speculation || ending.aborted) return;
    again = true;
    // `finally` comes after the assignment even where there was nothing to wait for.
    looking ??= looks().finally(() => {
      looking = null;
      if (again) void look();
    });
    return looking;
  };

  return {
    carryOut: (assignment) =>
      track(
        trainerFor().then(async (trainer) => {
          if (trainer !== null) await chain(trainer, assignment, ending);
          return trainer !== null;
        }),
      ),
    look,
    async idle() {
      while (busy.size > 0) await Promise.all(busy);
    },
  };
}
