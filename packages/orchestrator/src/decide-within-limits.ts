/** The policy's decision under the experiment's own limits: a limit enters as a recorded fact at a place in the history, never as a clock. */
import { type Decision, type ExperimentLimits, type History, type LimitReached, type PolicyContext, parameterCount } from "@rightsize/core";
import { decide } from "@rightsize/policy";

/** Asks the policy; where its answer would break a limit, tells it so and asks again: it must then FINISH. Pure. */
export function decideWithinLimits(context: PolicyContext, limits: ExperimentLimits, history: History): Decision {
  const wanted = decide(context, history);
  const limit = brokenLimit(wanted, context, limits, history);
  if (limit === null || history.length === 0) return wanted;
  const last = history[history.length - 1] as History[number];
  return decide(context, [...history.slice(0, -1), { ...last, limit }]);
}

function brokenLimit(wanted: Decision, context: PolicyContext, limits: ExperimentLimits, history: History): LimitReached | null {
  if (wanted.action !== "START_TRIAL") return null;
  const started = history.filter(({ decision }) => decision.action === "START_TRIAL").length;
  if (limits.maxTrials !== null && started >= limits.maxTrials) return { kind: "trials", limit: limits.maxTrials };
  const parameters = parameterCount(context.inputs, wanted.capacity, context.outputs);
  if (limits.maxParameterCount !== null && parameters > limits.maxParameterCount)
    return { kind: "parameters", limit: limits.maxParameterCount };
  return null;
}
