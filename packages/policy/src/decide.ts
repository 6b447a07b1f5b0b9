/** The one question a policy answers: given everything that happened, what next? A pure fold over the full history. */
import {
  capacityText,
  type Decision,
  type Finish,
  type History,
  type LimitReached,
  type PolicyContext,
  RightsizeError,
} from "@rightsize/core";
import { bestTrial } from "./best-trial.ts";
import { evidenceOf } from "./evidence.ts";
import { numberText } from "./numbers.ts";
import { presetNamed } from "./registry.ts";
import { readTrials, summarise, type TrialView } from "./trials.ts";

/**
 * The next decision. Called only when everything asked for has ended; the same context and history always give the same decision.
 * A limit in the last entry ends the search with the best trial so far, verdict `limit`.
 * Throws `invalid_request` on an unknown preset or wrong parameters, `internal` on a history that is over or has a run missing.
 */
export function decide(context: PolicyContext, history: History): Decision {
  const preset = presetNamed(context.preset);
  history.forEach(({ decision, outcomes, limit }, index) => {
    if (decision.action === "FINISH") throw new RightsizeError("internal", `the search is over: entry ${index} of the history is its end`);
    if (outcomes.length !== decision.runs.length)
      throw new RightsizeError("internal", `entry ${index} asked for ${decision.runs.length} runs and has ${outcomes.length} outcomes`);
    if (limit === null && outcomes.some(({ status }) => status === "STOPPED"))
      throw new RightsizeError("internal", `entry ${index} has a run that was stopped, and no limit that stopped it`);
  });
  const limit = history[history.length - 1]?.limit ?? null;
  return limit === null ? preset.next(context, history) : finishAtLimit(readTrials(history), limit);
}

function finishAtLimit(trials: readonly TrialView[], limit: LimitReached): Finish {
  const best = bestTrial(trials);
  const answer =
    best === null
      ? "no trial has a score"
      : `the best so far is ${capacityText(best.capacity)} with ${numberText(summarise(best).bestKnownScore as number)}`;
  return {
    action: "FINISH",
    about: trials.length > 0 ? trials.length : null,
    winner: best?.number ?? null,
    verdict: "limit",
    reason: `${limitText(limit)}: done, ${answer}`,
    evidence: evidenceOf("limit", trials, [], { limit: limit.limit }),
  };
}

function limitText({ kind, limit }: LimitReached): string {
  switch (kind) {
    case "trials":
      return `The limit of ${limit} trials is reached`;
    case "parameters":
      return `The next network would have more than the limit of ${limit} parameters`;
    case "cpu":
      return `The limit of ${limit} CPU seconds is reached`;
    case "wall_time":
      return `The limit of ${limit} seconds is reached`;
    default:
      return kind satisfies never;
  }
}
