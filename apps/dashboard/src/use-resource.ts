/** Loads something once for a component, and again on demand; an answer that comes too late is dropped. */
import type { Problem } from "@rightsize/contract";
import { useCallback, useEffect, useRef, useState } from "react";
import { asProblem } from "./api-client.ts";

export interface Resource<Value> {
  readonly value: Value | null;
  readonly problem: Problem | null;
  readonly reload: () => void;
}

/** `key` names what is loaded: another key loads anew. A failed reload keeps the last value beside the problem. */
export function useResource<Value>(key: string, load: (signal: AbortSignal) => Promise<Value | null>): Resource<Value> {
  const [state, setState] = useState<{ key: string; value: Value | null; problem: Problem | null }>({ key, value: null, problem: null });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  // `turn` is not read, it asks for another load.
  useEffect(() => {
    const leaving = new AbortController();
    latest.current(leaving.signal).then(
      (value) => {
        if (!leaving.signal.aborted) setState({ key, value, problem: null });
      },
      (error: unknown) => {
        if (!leaving.signal.aborted)
          setState((before) => ({ key, value: before.key === key ? before.value : null, problem: asProblem(error) }));
      },
    );
    return () => leaving.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { value: state.key === key ? state.value : null, problem: state.key === key ? state.problem : null, reload };
}
