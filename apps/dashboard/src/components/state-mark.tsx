/** An experiment's state as a word with a mark. */
import type { ExperimentView } from "@rightsize/contract";
import { endedByLimit } from "@rightsize/core";
import { stateText } from "../format.ts";

export function StateMark({ experiment: { state, answer } }: { experiment: Pick<ExperimentView, "state" | "answer"> }) {
  const limited = endedByLimit(answer);
  return (
    <span
      className="state-mark"
      data-state={state}
      title={limited ? "A limit that was set for it was reached before its search was done: the answer is the best size so far" : undefined}
    >
      <i aria-hidden="true" />
      {limited ? "Ended by a limit" : stateText(state)}
    </span>
  );
}
