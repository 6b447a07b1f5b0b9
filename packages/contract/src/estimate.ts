/** POST /v1/experiments?dryRun=true: what an experiment would take, and which differences its data can show. Nothing is created. */
import { z } from "zod";
import { capacitySchema } from "./experiment-request.ts";
import { experimentPlanSchema } from "./views.ts";

/** Query of POST /v1/experiments. */
export const experimentQuerySchema = z.object({
  dryRun: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .meta({ description: "true: answer what it would take (200, an estimate), after the same checks, and create nothing" }),
});

/** Of the searches that were played over made-up losses: one in ten is below `low`, one in ten above `high`, half below `expected`. */
export const rangeSchema = z.object({ low: z.number(), expected: z.number(), high: z.number() });

/** Where a number comes from: `default` is what was measured elsewhere and is believed until something was trained here. */
const sourceSchema = z.object({
  kind: z.enum(["earlier_runs", "default"]),
  runs: z.int().meta({ description: "Runs it was learned from; 0 for a default" }),
  sentence: z.string(),
});

export const experimentEstimateSchema = z.object({
  dryRun: z.literal(true),
  sentence: z.string().meta({ description: "The whole estimate for a person, the smallest visible difference included" }),
  trials: rangeSchema.meta({ description: "Rows of the trial table" }),
  runs: rangeSchema.meta({ description: "Trainings, the last one that reads the test rows not counted" }),
  cpuSeconds: rangeSchema.meta({ description: "Training time of all runs together on one slot: what limits.cpuSeconds counts" }),
  wallSeconds: rangeSchema.meta({
    description: "From the first run to the answer, on the slots there are now, if nothing else trains on them",
  }),
  slots: z.int().meta({ description: "Slots of live workers with this engine; where there are none, one is assumed (see warnings)" }),
  largestNetwork: z
    .object({ capacity: capacitySchema, parameterCount: z.int() })
    .meta({ description: "The largest that a played search tried" }),
  memoryBytes: z
    .object({ perSlot: z.int(), tensors: z.int() })
    .meta({ description: "Of a trainer at its largest network; its prepared table" }),
  detectableGap: z.object({
    runs: rangeSchema.meta({
      description:
        "The smallest gap in validation loss, as a fraction, that the search's last comparisons can call better or worse; smaller ones are ties or undecided. Compare with detectableGap in the last decision's evidence",
    }),
    rows: z.number().meta({
      description:
        "How far two equally good networks may seem apart on this many validation rows, by chance of the rows alone, as a fraction",
    }),
    tested: z
      .boolean()
      .meta({ description: "Whether the preset tests differences at all; where not, `runs` is what one fit a side could show" }),
    sentence: z.string(),
  }),
  endedByLimit: z
    .object({ kind: z.enum(["trials", "parameters", "cpu", "wall_time"]), fraction: z.number() })
    .nullable()
    .meta({ description: "The limit that ends most of the played searches, and the fraction of them; null where none does" }),
  sources: z.object({
    searches: z.object({ played: z.int(), sentence: z.string() }),
    epochs: sourceSchema,
    speed: sourceSchema,
    noise: sourceSchema,
  }),
  plan: experimentPlanSchema,
  warnings: z.array(z.string()).meta({ description: "The plan's, and what makes the estimate doubtful" }),
});
export type EstimateRange = z.infer<typeof rangeSchema>;
export type ExperimentEstimate = z.infer<typeof experimentEstimateSchema>;
