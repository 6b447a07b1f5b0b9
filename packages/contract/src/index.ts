/** Contract: what crosses the wire, as zod schemas with their inferred types. */
export * from "./dataset-upload.ts";
export * from "./estimate.ts";
export * from "./evaluation.ts";
export * from "./experiment-log.ts";
export * from "./experiment-request.ts";
export * from "./keys.ts";
export * from "./learning-curve.ts";
export * from "./model-snippets.ts";
export * from "./predictions.ts";
export * from "./primitives.ts";
export * from "./problem.ts";
export * from "./recipe.ts";
export * from "./replay.ts";
export * from "./service-events.ts";
export * from "./views.ts";
