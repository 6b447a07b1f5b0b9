/** Policy: pure search rules. `decide(context, history)` is the whole of it; the rest reads what was decided. */
export { type AdditiveModel, type Contrast, fitAdditiveModel } from "./additive-model.ts";
export { bestTrial } from "./best-trial.ts";
export { decide } from "./decide.ts";
export { finalGap, gapOfFits } from "./estimate/detectable-gap.ts";
export { epochSlope, type TrainingBeliefs } from "./estimate/made-up-landscape.ts";
export { playAhead } from "./estimate/play-ahead.ts";
export type { Preset } from "./preset.ts";
export type { RowsParameters } from "./presets/rows.ts";
export { defaultPreset, type ParsedSearch, parseSearch, policyVersion, presetNamed, presetRecipe, presets } from "./registry.ts";
export { type Replay, replay } from "./replay.ts";
export { type OutcomesOf, type SimulatedTrial, type SimulateOptions, simulate } from "./simulate.ts";
export { type Outstanding, type SpeculateOptions, type Speculation, speculate } from "./speculate.ts";
export { studentProbability, studentQuantile } from "./statistics.ts";
export type { TriedSize } from "./surrogate.ts";
export { type TableRow, trialTable } from "./trial-table.ts";
export {
  type CompletedRun,
  type PlacedRun,
  type RunPosition,
  readTrials,
  standingRuns,
  summarise,
  summariseTrial,
  type TrialSummary,
  type TrialView,
} from "./trials.ts";
