/**
 * Preset `rows`: one capacity trained on parts of the training rows, for a learning curve. No search: it asks for all runs at once and
 * answers with that capacity. The whole part's runs are fits and stand for the trial; those on fewer rows are probes and never do.
 * Made by the service itself (POST /v1/experiments/:id/learning-curve); its plan's folds are the parts.
 */
import { capacityText, type Decision, defaultRecipe, type History, type PolicyContext } from "@rightsize/core";
import { z } from "zod";
import { evidenceOf } from "../evidence.ts";
import { definePreset } from "../preset.ts";
import { learningRates } from "../runs.ts";
import { readTrials, summarise } from "../trials.ts";

const count = z.int("a whole number").min(0, "at least 0");

/** The schema: a capacity, and the runs of each part. */
export const rowsParameters = z.strictObject({
  capacity: z
    .strictObject({ hiddenLayers: count.max(8, "at most 8"), nodesPerLayer: count.max(65_536, "at most 65536") })
    .default({ hiddenLayers: 0, nodesPerLayer: 0 })
    .meta({ description: "The network that is trained" }),
  parts: z
    .array(
      z.strictObject({
        fraction: z.number("a number").gt(0, "more than 0").max(1, "at most 1"),
        rows: count.min(1, "at least 1").meta({ description: "Training rows" }),
        runs: z
          .array(
            z.strictObject({
              seed: count,
              fold: count.meta({ description: "Of this experiment's plan" }),
              of: count.meta({ description: "The fold of the plan that it is a part of" }),
            }),
          )
          .min(1, "at least one run"),
      }),
    )
    .min(1, "at least one part")
    .default([{ fraction: 1, rows: 1, runs: [{ seed: 0, fold: 0, of: 0 }] }])
    .meta({ description: "Parts of the training rows, the whole first" }),
});
export type RowsParameters = z.output<typeof rowsParameters>;

const rule = "rows: one capacity on parts of the training rows";

function next(context: PolicyContext, { capacity, parts }: RowsParameters, history: History): Decision {
  const [trial] = readTrials(history);
  const name = capacityText(capacity);
  if (trial === undefined) {
    const learningRate = learningRates(context)[0] as number;
    const runs = parts.flatMap((part) =>
      part.runs.map(({ seed, fold }) => ({
        purpose: part.fraction === 1 ? ("fit" as const) : ("probe" as const),
        seed,
        fold,
        learningRate,
      })),
    );
    const sizes = parts.map(({ rows }) => rows).sort((a, b) => a - b);
    const reason = `Train ${name} on ${sizes.join(", ")} training rows, to see what more rows would bring`;
    return { action: "START_TRIAL", about: null, nextStep: null, capacity, runs, reason, evidence: evidenceOf(rule, []) };
  }
  const { score } = summarise(trial);
  const end = { action: "FINISH", about: 1, evidence: evidenceOf(rule, [trial]) } as const;
  if (score === null)
    return { ...end, winner: null, verdict: "nothing_trainable", reason: `${name} could not be trained on all rows: done` };
  return { ...end, winner: 1, verdict: "converged", reason: `${name} is trained on every part of the rows: done` };
}

/** One capacity on parts of the training rows. */
export const rows = definePreset<RowsParameters>({
  name: "rows",
  version: 1,
  summary: "One capacity on parts of the training rows: the learning curve. Made by the service, not asked for by name.",
  recipe: defaultRecipe,
  parameters: rowsParameters,
  next,
});
