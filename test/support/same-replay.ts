/** Promise I2 for tests: a stored history gives every decision again, byte for byte. */
import { canonicalText, type ExperimentSnapshot } from "@rightsize/core";
import { decideWithinLimits, policyContext, policyHistory } from "@rightsize/orchestrator";
import { decide } from "@rightsize/policy";
import { expect } from "vitest";

/** Every decision again from the stored history, by the policy alone and by what the orchestrator asks. */
export function expectSameReplay(snapshot: ExperimentSnapshot): void {
  const { spec, plan } = snapshot.experiment;
  const context = policyContext(spec, plan);
  const history = policyHistory(snapshot);
  for (const [index, stored] of snapshot.decisions.entries()) {
    const before = history.slice(0, index);
    expect(canonicalText(decide(context, before))).toBe(stored.text);
    expect(canonicalText(decideWithinLimits(context, spec.limits, before))).toBe(stored.text);
  }
}
