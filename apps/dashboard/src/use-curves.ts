/** The stored learning curves of trials, loaded once a trial and again when more of its runs have ended. */
import type { TrialView } from "@rightsize/contract";
import { useEffect, useRef, useState } from "react";
import { api } from "./api-client.ts";
import type { EpochView } from "./live.ts";

/** Runs with their epochs, by run id. */
export type StoredCurves = Readonly<Record<string, readonly EpochView[]>>;

/** Loads at most two trials at a time: the event stream and the page's own requests share six connections. */
export function useCurves(trials: readonly TrialView[]): StoredCurves {
  const [curves, setCurves] = useState<StoredCurves>({});
  const loaded = useRef(new Map<string, number>());
  const queue = useRef<string[]>([]);
  const busy = useRef(0);
  useEffect(() => {
    const pump = () => {
      while (busy.current < 2) {
        const id = queue.current.shift();
        if (id === undefined) return;
        busy.current += 1;
        api
          .epochs(id)
          .then((list) => setCurves((before) => ({ ...before, ...Object.fromEntries(list.runs.map((run) => [run.runId, run.epochs])) })))
          .catch(() => loaded.current.delete(id))
          .finally(() => {
            busy.current -= 1;
            pump();
          });
      }
    };
    for (const trial of trials) {
      const ended = trial.runs.filter((run) => run.endedAt !== null).length;
      if (ended === 0 || (loaded.current.get(trial.id) ?? 0) >= ended) continue;
      loaded.current.set(trial.id, ended);
      queue.current.push(trial.id);
    }
    pump();
  }, [trials]);
  return curves;
}
