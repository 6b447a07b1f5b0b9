/** The policy's decision under the experiment's own limits: a limit enters as a recorded fact at a place in the history, never as a clock. */
import { type Decision, type ExperimentLimits, type History, type LimitReached, type PolicyContext, parameterCount } from "@rightsize/core";
import { decide } from "@rightsize/policy";
import { noTimeSpent, type TimeSpent } from "./time-spent.ts";

/** A decision and the limit that made it the end; stored together, since the time that was spent is in no history. */
export interface LimitedDecision {
  readonly decision: Decision;
  readonly limit: LimitReached | null;
}

/** Asks the policy; where its answer would go beyond a limit, tells it so and asks again: it must then FINISH. Pure. */
export function limitedDecision(
  context: PolicyContext,
  limits: ExperimentLimits,
  history: History,
  spent: TimeSpent = noTimeSpent,
): LimitedDecision {
  const last = history.at(-1);
  const wanted = decide(context, history);
  if (last === undefined) return { decision: wanted, limit: null };
  const limit = limitBefore(wanted, context, limits, history, spent);
  // One that is in the history already was obeyed just now.
  if (limit === null) return { decision: wanted, limit: last.limit };
  return decisionAtLimit(context, history, limit);
}

/** The end of a search at a limit that is reached now. */
export function decisionAtLimit(context: PolicyContext, history: History, limit: LimitReached): LimitedDecision {
  const before: History = history.map((entry, index) => (index === history.length - 1 ? { ...entry, limit } : entry));
  return { decision: decide(context, before), limit };
}

/** The decision alone: for a replay, whose history holds the limits that were reached. */
export function decideWithinLimits(context: PolicyContext, limits: ExperimentLimits, history: History): Decision {
  return limitedDecision(context, limits, history).decision;
}

/** The limit on time that was reached by then; null where none was. */
export function timeLimitPassed({ cpuSeconds = null, wallSeconds = null }: ExperimentLimits, spent: TimeSpent): LimitReached | null {
  if (cpuSeconds !== null && spent.cpuSeconds >= cpuSeconds) return { kind: "cpu", limit: cpuSeconds };
  if (wallSeconds !== null && spent.wallSeconds >= wallSeconds) return { kind: "wall_time", limit: wallSeconds };
  return null;
}

/** The limit that a decision would go beyond, given what was spent before it; null where none is. */
export function limitBefore(
  wanted: Decision,
  context: PolicyContext,
  limits: ExperimentLimits,
  history: History,
  spent: TimeSpent,
): LimitReached | null {
  if (wanted.action === "FINISH") return null;
  const { maxTrials, maxParameterCount } = limits;
  const passed = timeLimitPassed(limits, spent);
  if (passed !== null) return passed;
  if (wanted.action !== "START_TRIAL") return null;
  const started = history.filter(({ decision }) => decision.action === "START_TRIAL").length;
  if (maxTrials !== null && started >= maxTrials) return { kind: "trials", limit: maxTrials };
  const parameters = parameterCount(context.inputs, wanted.capacity, context.outputs);
  if (maxParameterCount !== null && parameters > maxParameterCount) return { kind: "parameters", limit: maxParameterCount };
  return null;
}
