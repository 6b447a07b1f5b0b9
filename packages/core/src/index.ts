/** Core: the words of Rightsize as types, and the ports that connect its rooms. */
export * from "./api-keys.ts";
export * from "./canonical.ts";
export * from "./capacity.ts";
export * from "./columns.ts";
export * from "./decisions.ts";
export * from "./errors.ts";
export * from "./experiment-spec.ts";
export * from "./ids.ts";
export * from "./lifecycle.ts";
export type * from "./ports/artifacts.ts";
export type * from "./ports/engine.ts";
export type * from "./ports/queue.ts";
export type * from "./ports/store.ts";
export type * from "./ports/trainer.ts";
export * from "./random.ts";
export * from "./recipe.ts";
export * from "./records.ts";
export * from "./results.ts";
