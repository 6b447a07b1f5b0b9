/** What was begun early, in a sentence that says only what there is. */
import { expect, it } from "vitest";
import { speculationText } from "../src/experiment-log.ts";

it.each([
  [{ adoptedRuns: 0, unusedRuns: 0, adoptedMs: 0, unusedMs: 0 }, true, ""],
  [{ adoptedRuns: 0, unusedRuns: 1, adoptedMs: 0, unusedMs: 900 }, false, "1 run begun early was not asked for so far."],
  [{ adoptedRuns: 0, unusedRuns: 2, adoptedMs: 0, unusedMs: 1_500 }, true, "2 runs begun early were not needed (1.5 s)."],
  [{ adoptedRuns: 1, unusedRuns: 0, adoptedMs: 1_500, unusedMs: 0 }, true, "1 run begun early was asked for, which saved 1.5 s."],
  [
    { adoptedRuns: 2, unusedRuns: 1, adoptedMs: 4_200, unusedMs: 1_500 },
    true,
    "2 runs begun early were asked for, which saved 4.2 s; 1 other was not needed (1.5 s).",
  ],
] as const)("%j, over: %j", (use, over, sentence) => {
  expect(speculationText(use, over)).toBe(sentence);
});
