/** An experiment's state as a word with a mark. */
import type { ExperimentView } from "@rightsize/contract";
import { stateText } from "../format.ts";

export function StateMark({ state }: { state: ExperimentView["state"] }) {
  return (
    <span className="state-mark" data-state={state}>
      <i aria-hidden="true" />
      {stateText(state)}
    </span>
  );
}
