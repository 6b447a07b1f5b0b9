/** Parameters of the preset `default`: every number of its rule, with what it means. */
import { z } from "zod";

const whole = (least: number, most: number) => z.int("a whole number").min(least, `at least ${least}`).max(most, `at most ${most}`);
const fraction = (least: number, most: number) => z.number("a number").min(least, `at least ${least}`).max(most, `at most ${most}`);
const hidden = z.strictObject({
  hiddenLayers: whole(1, 8).meta({ description: "Hidden layers, 1 to 8" }),
  nodesPerLayer: whole(1, 65_536).meta({ description: "Nodes in each hidden layer" }),
});

/** The schema: strict, every member with a default and a description. */
export const defaultParameters = z.strictObject({
  start: hidden.default({ hiddenLayers: 1, nodesPerLayer: 64 }).meta({ description: "The first network" }),
  startFits: whole(1, 20)
    .default(2)
    .meta({ description: "Fits of the first network, with another seed (or fold) each: the first estimate of the noise" }),
  step: z
    .strictObject({
      layers: whole(0, 8).default(1).meta({ description: "Hidden layers added by a step up" }),
      factor: z
        .number("a number")
        .min(1, "at least 1")
        .max(16, "at most 16")
        .default(2)
        .meta({ description: "Nodes are multiplied by this in a step up" }),
      most: whole(0, 100).default(2).meta({ description: "Most steps up; what lies beyond is left to the guided fits" }),
    })
    .refine(({ layers, factor }) => layers > 0 || factor > 1, "a step that adds layers or nodes")
    .prefault({})
    .meta({ description: "One step up: layers and nodes at once" }),
  ceiling: hidden
    .default({ hiddenLayers: 4, nodesPerLayer: 512 })
    .meta({ description: "No network has more hidden layers, nor more nodes per layer" }),
  probes: z
    .array(hidden)
    .max(16, "at most 16")
    .default([{ hiddenLayers: 3, nodesPerLayer: 16 }])
    .meta({ description: "Networks tried after the first climb, in case it ended in a trap" }),
  leastGain: fraction(0, 1)
    .default(0.02)
    .meta({ description: "A climb goes on only after a step that lowered the loss by more than this fraction" }),
  explore: z
    .strictObject({
      fits: whole(0, 1000)
        .default(30)
        .meta({ description: "Most guided fits: of whatever size, new or tried, the trials so far let most be expected from" }),
      leastGain: fraction(0, 1)
        .default(0.003)
        .meta({ description: "No guided fit is made for a smaller expected gain than this fraction" }),
      gainForWork: fraction(0, 10).default(0.1).meta({
        description:
          "Expected gain, as a fraction, that a fit must promise which takes as much work as fitting every size within reach once; less work needs less",
      }),
      reach: z
        .number("a number")
        .min(1, "at least 1")
        .max(1e9, "at most 1e9")
        .default(8)
        .meta({ description: "A size is within reach that has no more than this many times the weights of the largest tried" }),
      leastFits: whole(1, 1000).default(2).meta({
        description:
          "Fits that the answer has at least, whatever is expected of them, unless it is far ahead of all others; a word on it needs two",
      }),
      fitsOfOne: whole(1, 1000).default(10).meta({ description: "Most fits of one network" }),
      fewestNodes: whole(1, 65_536)
        .default(16)
        .meta({ description: "New sizes have these nodes per layer or their doubles, up to the ceiling" }),
    })
    .prefault({})
    .meta({ description: "Guided fits, after the climb and the probes" }),
  linear: z.boolean("true or false").default(true).meta({ description: "Fit the linear model too, as an eligible answer" }),
  noise: z
    .strictObject({
      deviation: fraction(0, 2)
        .default(0.05)
        .meta({ description: "Believed deviation of one fit around its network's mean, as a fraction of the loss" }),
      weight: z
        .number("a number")
        .min(1, "at least 1")
        .max(1000, "at most 1000")
        .default(4)
        .meta({ description: "How many observations that belief weighs" }),
    })
    .prefault({})
    .meta({ description: "What is believed of the noise before it is measured" }),
  band: fraction(0, 1)
    .nullable()
    .default(null)
    .meta({ description: "Differences up to this fraction don't matter; null is 0.01, or 0.02 below 1,000 rows" }),
  confidence: z
    .number("a number")
    .gt(0.5, "more than 0.5")
    .lt(1, "less than 1")
    .default(0.95)
    .meta({ description: "Probability that a word (better, worse, tie) needs" }),
  cheaperWithin: fraction(0, 1).default(0.003).meta({
    description:
      "Of networks whose expected loss is within this fraction of the least, answer with the smallest; the linear model wins within the whole band",
  }),
  repairs: z
    .strictObject({
      attempts: whole(0, 5).default(2).meta({ description: "Changes of rate or initialisation before a network counts as untrainable" }),
      rateFactor: z
        .number("a number")
        .gt(0, "more than 0")
        .lt(1, "less than 1")
        .default(0.1)
        .meta({ description: "The learning rate is multiplied by this" }),
      epochFactor: z
        .number("a number")
        .gt(1, "more than 1")
        .max(16, "at most 16")
        .default(4)
        .meta({ description: "The epoch cap of a run that ended at it, still improving, is multiplied by this" }),
      epochCeiling: whole(1, 100_000).default(1600).meta({ description: "The epoch cap is raised no further than this" }),
    })
    .prefault({})
    .meta({ description: "Cause before size: what is tried before a network is called worse" }),
});
/** All parameters of the preset, defaults filled in. */
export type DefaultParameters = z.output<typeof defaultParameters>;
