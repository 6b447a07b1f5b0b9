/** The API: `buildApp` assembles it from ports, main.ts runs it as a process. */
export { buildApp } from "./app.ts";
export { createArtifactGate } from "./artifact-gate.ts";
export { type ApiConfig, ConfigurationError, isLoopback, readConfig } from "./config.ts";
export { type DataProcess, type DataProcessOptions, startDataProcess } from "./data-process/data-process.ts";
export { type AcceptedExperiment, type ApiDependencies, type AppSettings, defaultAppSettings } from "./dependencies.ts";
export { createPredictProcess, type PredictProcess } from "./predict-process/predict-process.ts";
