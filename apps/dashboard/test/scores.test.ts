/** Which run is shown for a trial: the best of those that its score is the mean of. */
import type { RunView, TrialView } from "@rightsize/contract";
import { expect, it } from "vitest";
import { bestRun } from "../src/scores.ts";

const run = (id: string, validationLoss: number | null, standsFor: RunView["standsFor"]) =>
  ({ id, purpose: "fit", validationLoss, standsFor }) as RunView;
const trial = (...runs: readonly RunView[]) => ({ runs }) as unknown as TrialView;

it("a trial's best run is one that stands for it, whatever an older recipe's runs scored", () => {
  expect(bestRun(trial(run("old", 0.1, null), run("first", 0.4, "score"), run("second", 0.3, "score")))?.id).toBe("second");
});

it("before a trial has a score its best run is the best that ended; where none has, there is none", () => {
  expect(bestRun(trial(run("first", 0.4, null), run("second", 0.3, null)))?.id).toBe("second");
  expect(bestRun(trial(run("diverged", null, null)))).toBeUndefined();
});
