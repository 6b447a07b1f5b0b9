/** Lets a rule be written as a story from start to end, and still be a pure fold: the story is told again from the start on every call. */
import { type Decision, type Finish, type History, RightsizeError } from "@rightsize/core";
import { applyEntry, type TrialView } from "./trials.ts";

/**
 * A rule as a generator: it yields what it wants (made only when it is truly asked for) and gets all trials with the outcomes of
 * that wish; it returns how to finish. It keeps its state in local variables, rebuilt from the history on every call.
 */
export type Script<Result = () => Finish> = Generator<() => Exclude<Decision, Finish>, Result, readonly TrialView[]>;

/** Tells the story along a history and returns the first decision that isn't in it. Throws `internal` when the history goes on past the end. */
export function tell(script: Script, history: History): Decision {
  let step = script.next([]);
  let trials: readonly TrialView[] = [];
  history.forEach((entry, index) => {
    if (step.done) throw new RightsizeError("internal", `the search ended before entry ${index} of its history`);
    trials = applyEntry(trials, entry, index);
    step = script.next(trials);
  });
  return step.value();
}
