/** Estimates: from nothing but beliefs, from earlier runs, within limits, in words. */
import {
  type AssignmentId,
  defaultRecipe,
  type ExperimentPlan,
  type ExperimentSpec,
  type Recipe,
  type Sha256,
  type TrainedRun,
} from "@rightsize/core";
import { presets } from "@rightsize/policy";
import { describe, expect, it } from "vitest";
import { durationText, type EstimateQuestion, estimateExperiment, percentOf } from "../../src/index.ts";

const spec = (more: Partial<ExperimentSpec> = {}): ExperimentSpec => ({
  name: "example",
  dataset: "d".repeat(64) as Sha256,
  target: "y",
  task: "regression",
  features: { include: null, exclude: [], scale: "standard", maxCategories: 32, logTarget: false },
  split: { kind: "random", validationFraction: 0.3, testFraction: 0.2, seed: 0, stratify: false },
  search: { preset: "random", parameters: { trials: 3, hiddenLayers: { least: 1, most: 2 } } },
  recipe: defaultRecipe,
  engine: { name: "onnx" },
  limits: { maxTrials: null, maxParameterCount: null },
  delivery: { kind: "single" },
  seed: 0,
  ...more,
});
const plan: ExperimentPlan = {
  artifact: "a".repeat(64) as Sha256,
  inputs: 8,
  outputs: 1,
  trainingRows: 2000,
  validationRows: 850,
  testRows: 700,
  folds: 1,
  meanPredictorLoss: [1],
  leftOut: [],
  featureColumns: ["x"],
  droppedRows: 0,
  classes: [],
  targetDeviation: 1,
  warnings: ["leak: a row trains and validates"],
};
const question = (more: Partial<EstimateQuestion> = {}): EstimateQuestion => ({
  spec: spec(),
  plan,
  workers: [{ slots: 2, memoryBytes: 8e9 }],
  earlier: [],
  ...more,
});
const trained = (index: number, more: Partial<TrainedRun> = {}): TrainedRun => ({
  assignmentId: `asg_${index}` as AssignmentId,
  dataset: spec().dataset,
  target: "y",
  plan: plan.artifact,
  engine: "onnx",
  inputs: 8,
  outputs: 1,
  trainingRows: 2000,
  validationRows: 850,
  capacity: { hiddenLayers: 1, nodesPerLayer: 64 },
  recipe: defaultRecipe,
  learningRate: 0.001,
  fold: 0,
  validationLoss: 0.2,
  epochs: 100,
  bestEpoch: 80,
  trainMs: 1000,
  ...more,
});

describe("an estimate without earlier runs", () => {
  const estimate = estimateExperiment(question({ spec: spec({ search: { preset: "default", parameters: {} } }) }));

  it("is the same for the same question", () => {
    expect(estimateExperiment(question())).toEqual(estimateExperiment(question()));
  });

  it("says ranges, and that its sources are beliefs", () => {
    for (const range of [estimate.trials, estimate.runs, estimate.cpuSeconds, estimate.wallSeconds, estimate.detectableGap.runs]) {
      expect(range.low).toBeGreaterThan(0);
      expect(range.low).toBeLessThanOrEqual(range.expected);
      expect(range.expected).toBeLessThanOrEqual(range.high);
    }
    expect(estimate.sources).toMatchObject({ epochs: { kind: "default" }, speed: { kind: "default" }, noise: { kind: "default" } });
    expect(estimate.sentence).toMatch(
      /^About \d+ trials .* training, done in .* on the 2 slots there are; .* ties or undecided; with 850 validation rows/,
    );
    expect(estimate.warnings).toEqual(["leak: a row trains and validates"]);
  });

  it("expects no more wall time on more slots, and less of it where replicates can share them", () => {
    const at = (slots: number) =>
      estimateExperiment(
        question({ spec: spec({ search: { preset: "grid", parameters: { fits: 4 } } }), workers: [{ slots, memoryBytes: 64e9 }] }),
      );
    expect(at(4).wallSeconds.expected).toBeLessThan(0.6 * at(1).wallSeconds.expected);
    expect(at(4).cpuSeconds).toEqual(at(1).cpuSeconds);
  });

  it("says what makes it doubtful: no slots, little memory", () => {
    expect(estimateExperiment(question({ workers: [] })).warnings.join()).toMatch(/no live worker has the engine onnx/);
    expect(estimateExperiment(question({ workers: [{ slots: 4, memoryBytes: 4e8 }] })).warnings.join()).toMatch(
      /a trainer may need 0.2 GB/,
    );
  });

  it("knows the grid exactly, and says of a very long search that it only played its beginning", () => {
    const grid = estimateExperiment(question({ spec: spec({ search: { preset: "grid", parameters: {} } }) }));
    expect(grid.trials).toEqual({ low: 24, expected: 24, high: 24 });
    expect(grid.detectableGap).toMatchObject({ tested: false });
    const long = estimateExperiment(question({ spec: spec({ search: { preset: "random", parameters: { trials: 1000 } } }) }));
    expect(long.trials.expected).toBe(100);
    expect(long.warnings.join()).toMatch(/may go on beyond 100 trials/);
  });

  it("counts short probes of learning rates for what they take: far less than a sweep, and no fits of a size", () => {
    const values = [0.001, 0.003, 0.01, 0.03];
    const grid = { preset: "grid", parameters: { hiddenLayers: [1, 2] } };
    const at = (learningRate: Recipe["learningRate"]) =>
      estimateExperiment(question({ spec: spec({ search: grid, recipe: { ...defaultRecipe, learningRate } }) }));
    const [fixed, probed, swept] = [
      at({ kind: "fixed", value: 0.006 }),
      at({ kind: "probe", values, epochs: 5 }),
      at({ kind: "sweep", values }),
    ];
    expect([fixed, probed, swept].map(({ runs }) => runs.expected)).toEqual([12, 60, 48]);
    const cost = ({ cpuSeconds }: typeof fixed) => cpuSeconds.expected / fixed.cpuSeconds.expected;
    expect(cost(probed)).toBeGreaterThan(1.05);
    expect(cost(probed)).toBeLessThan(0.7 * cost(swept));
    expect(probed.detectableGap.runs).toEqual(fixed.detectableGap.runs);
  });

  it("sees smaller differences on more validation rows", () => {
    const more = estimateExperiment(question({ plan: { ...plan, validationRows: 4 * 850 } }));
    expect(more.detectableGap.rows).toBeCloseTo(estimate.detectableGap.rows / 2, 10);
  });

  it.each(Object.keys(presets))("is finite for preset %s", (preset) => {
    const { cpuSeconds, detectableGap, largestNetwork } = estimateExperiment(
      question({ spec: spec({ search: { preset, parameters: {} } }) }),
    );
    for (const value of [cpuSeconds.high, detectableGap.runs.expected, largestNetwork.parameterCount])
      expect(Number.isFinite(value)).toBe(true);
  });
});

describe("limits", () => {
  it("cut an estimate where they cut the search, and are named where they do", () => {
    const two = estimateExperiment(question({ spec: spec({ limits: { maxTrials: 2, maxParameterCount: null } }) }));
    expect(two.trials).toEqual({ low: 2, expected: 2, high: 2 });
    expect(two.endedByLimit).toEqual({ kind: "trials", fraction: 1 });
    expect(two.warnings.join()).toMatch(/limits.maxTrials ends 100 % of the played searches/);
    const small = estimateExperiment(question({ spec: spec({ limits: { maxTrials: null, maxParameterCount: 1000 } }) }));
    expect(small.largestNetwork.parameterCount).toBeLessThanOrEqual(1000);
    const short = estimateExperiment(
      question({
        spec: spec({ search: { preset: "course", parameters: {} }, limits: { maxTrials: null, maxParameterCount: null, cpuSeconds: 0.1 } }),
      }),
    );
    expect(short.endedByLimit?.kind).toBe("cpu");
    expect(short.trials.high).toBeLessThan(3);
    // A limit on time ends what is trained then: only the answer comes after it.
    const timed = (limits: { readonly cpuSeconds?: number; readonly wallSeconds?: number }) =>
      estimateExperiment(
        question({
          spec: spec({ search: { preset: "course", parameters: {} }, limits: { maxTrials: 1, maxParameterCount: null, ...limits } }),
        }),
      );
    const one = timed({});
    expect(timed({ cpuSeconds: 0.001 }).cpuSeconds.high).toBeLessThan(one.cpuSeconds.high);
    expect(timed({ wallSeconds: 0.001 }).endedByLimit).toEqual({ kind: "wall_time", fraction: 1 });
  });
});

describe("earlier runs", () => {
  const before = estimateExperiment(question());

  it("teach how fast this machine is", () => {
    const at = (trainMs: number) =>
      estimateExperiment(
        question({ earlier: Array.from({ length: 5 }, (_, index) => trained(index, { trainMs, dataset: "e".repeat(64) as Sha256 })) }),
      );
    const [slow, quick] = [at(4000), at(1000)];
    expect(slow.sources.speed).toMatchObject({ kind: "earlier_runs", runs: 5 });
    // What isn't training (storing weights, decisions, the model's packing) isn't slower.
    expect(slow.cpuSeconds.expected / quick.cpuSeconds.expected).toBeGreaterThan(3);
    expect(slow.trials).toEqual(before.trials);
  });

  it("teach how many epochs this target takes", () => {
    const at = (bestEpoch: number) =>
      estimateExperiment(
        question({ earlier: Array.from({ length: 8 }, (_, index) => trained(index, { bestEpoch, epochs: bestEpoch + 20 })) }),
      );
    const ratio = at(300).cpuSeconds.expected / at(10).cpuSeconds.expected;
    expect(at(300).sources.epochs).toMatchObject({ kind: "earlier_runs", runs: 8 });
    expect(ratio).toBeGreaterThan(0.2);
    expect(at(300).sources.epochs.sentence).toMatch(/about 300 epochs/);
  });

  it("teach the noise, and with it what can be seen; only those of the same plan and recipe are comparable", () => {
    const losses = (spread: number, more: Partial<TrainedRun> = {}) =>
      Array.from({ length: 12 }, (_, index) =>
        trained(index, { validationLoss: 0.2 * Math.exp(index % 2 === 0 ? spread : -spread), ...more }),
      );
    const searching = { spec: spec({ search: { preset: "default", parameters: { startFits: 3, noise: { weight: 1 } } } }) };
    const noisy = estimateExperiment(question({ ...searching, earlier: losses(0.3) }));
    const quiet = estimateExperiment(question({ ...searching, earlier: losses(0.005) }));
    expect(noisy.detectableGap.runs.expected).toBeGreaterThan(2 * quiet.detectableGap.runs.expected);
    expect(noisy.sources.noise).toMatchObject({ kind: "earlier_runs", runs: 12 });
    for (const other of [{ plan: "b".repeat(64) as Sha256 }, { recipe: { ...defaultRecipe, l2: 0.1 } }])
      expect(estimateExperiment(question({ earlier: losses(0.3, other) })).sources.noise.kind).toBe("default");
  });

  it("that were cut short teach how fast this machine is, and nothing of epochs and losses", () => {
    const cut = Array.from({ length: 5 }, (_, index) => trained(index, { maxEpochs: 5, epochs: 5, bestEpoch: 5, trainMs: 4000 }));
    const { sources } = estimateExperiment(question({ earlier: cut }));
    expect([sources.speed.kind, sources.epochs.kind, sources.noise.kind]).toEqual(["earlier_runs", "default", "default"]);
  });

  it("of another engine teach nothing", () => {
    expect(estimateExperiment(question({ earlier: [trained(1, { engine: "scripted" })] }))).toEqual(before);
  });
});

describe("the words", () => {
  it("round as a person would", () => {
    expect([0.0042, 0.018, 0.064, 0.123, 1].map(percentOf)).toEqual(["0.4 %", "1.8 %", "6.4 %", "12 %", "100 %"]);
    expect([0.42, 3.14, 42, 600, 9000, 500_000].map(durationText)).toEqual(["0.42 s", "3.1 s", "42 s", "10 min", "2.5 h", "6 days"]);
  });
});
