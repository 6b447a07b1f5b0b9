/** Which runs are trained side by side: small networks of one shape share one graph, and so one assignment. */
import type { Recipe } from "./recipe.ts";

/** Networks up to this many parameters gain from training side by side: measured, see test/bench/engine/README.md. */
export const togetherParameterLimit = 20_000;
/** Most runs that share one assignment: as many as one graph holds. */
export const togetherRunLimit = 16;

/**
 * Whether the onnx engine trains networks of this many parameters side by side; the other engines never do. A matter of shape and recipe
 * alone, so that company never changes a run's bits. Gradient clipping needs a norm over each network and AdamW a decay of weights alone:
 * neither fits parameters packed into one tensor.
 */
export function trainsTogether(parameters: number, recipe: Pick<Recipe, "gradientClipNorm" | "optimizer">): boolean {
  return recipe.gradientClipNorm === null && recipe.optimizer.kind !== "adamw" && parameters <= togetherParameterLimit;
}
