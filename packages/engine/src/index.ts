/** Engines: they train dense networks; one train loop drives them all. */
export { type RunIdentity, readCheckpoint, runIdentity, writeCheckpoint } from "./checkpoint.ts";
export { createEngine, type EngineOptions } from "./create-engine.ts";
export { bundleNames, openBundledModel, readBundle, writeBundle } from "./delivered/bundle.ts";
export { layersModel } from "./delivered/layers-model.ts";
export { buildDeliveredModel, type DeliveredNetwork } from "./delivered/model-graph.ts";
export { type DeliveredModel, openDeliveredModel, type Predictions } from "./delivered/open-delivered.ts";
export { type DeliveredInput, type DeliveredOutputs, type DeliveredSchema, deliveredSchema } from "./delivered/schema.ts";
export { thresholds, verdicts } from "./diagnostics.ts";
export { initialWeights } from "./initialise.ts";
export { meanPredictorLoss } from "./mean-predictor.ts";
export { classificationMetrics, ownUnit, regressionMetrics, type TargetScale } from "./metrics.ts";
export { type ExecutionProvider, executionProviders } from "./onnx/runtime.ts";
export { predictRows, scorePredictions, scoreRows } from "./score-rows.ts";
export type { ScriptedOptions } from "./scripted/engine.ts";
export { type EpochReport, type TrainedResult, type TrainHooks, type TrainJob, type TrainOutcome, trainRun } from "./train-run.ts";
export { type FusingEngine, type TogetherRun, trainRuns } from "./train-runs.ts";
export { deserialiseWeights, serialiseWeights } from "./weights.ts";
