/** Orchestrator: advances experiments, carries out assignments, dispatches and reconciles. */
export { advanceExperiment, knowsPolicy, planAdvance, planTimeLimit } from "./advance.ts";
export { answerSentence, scoreText } from "./answer-sentence.ts";
export {
  type CarryOutDependencies,
  type CarryOutEnd,
  type CarryOutLog,
  type CarryOutTiming,
  carryOut,
  carryOutTiming,
} from "./carry-out.ts";
export { contentHash, textHash } from "./content-hash.ts";
export { createExperiment, type ExperimentCreation } from "./create-experiment.ts";
export { decideWithinLimits, type LimitedDecision, limitedDecision } from "./decide-within-limits.ts";
export { deliveredRuns } from "./delivered-runs.ts";
export { type EstimateQuestion, estimateExperiment } from "./estimate/estimate-experiment.ts";
export { durationText, percentOf } from "./estimate/estimate-sentences.ts";
export {
  policyContext,
  policyHistory,
  runsThatStand,
  type Standing,
  settledHistory,
  standings,
} from "./history.ts";
export { type CurveQuestion, curveExperiment, curveQuestion } from "./learning-curve/ask-for-curve.ts";
export { type CurveEvidence, curveVerdict, type Gain } from "./learning-curve/curve-verdict.ts";
export { readCurve } from "./learning-curve/read-curve.ts";
export {
  endAtTimeLimits,
  type Loop,
  type LoopDependencies,
  type ReconcilerOptions,
  reconcile,
  reconcilerDefaults,
  relayOutbox,
  startDispatcher,
  startReconciler,
  startSweeper,
  startTimeKeeper,
  sweepCheckpoints,
  sweepLeft,
} from "./loops.ts";
export { type EarlyStopping, outcomeUnder } from "./shorter-patience.ts";
export { createSlots, type Slots, type SlotsOptions } from "./slots.ts";
export { createSpeculator, type Speculator } from "./speculation.ts";
export { type TimeSpent, timeSpent, timeSpentAt } from "./time-spent.ts";
export { type WhatIf, type WhatIfAnswer, whatIf } from "./what-if.ts";
