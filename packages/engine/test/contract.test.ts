/** The contract of an engine, held against every engine that trains; and the engines against each other. */
import { activations, type Engine, type EngineName, type LayerWeights, type Optimizer } from "@rightsize/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine, initialWeights, serialiseWeights, type TrainJob, trainRun } from "../src/index.ts";
import { loadTensorFlow } from "../src/tfjs/load.ts";
import { collect, jobFor, networkFor, sectors, waves } from "./support.ts";

const hash = (layers: readonly LayerWeights[]) => Buffer.from(serialiseWeights(layers).slice(-32)).toString("hex");
const rowsOf = (count: number, from = 0) => Int32Array.from({ length: count }, (_, row) => from + row);

describe.each(["onnx", "tensorflow"] satisfies EngineName[])("the %s engine", (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine(name);
  });
  afterAll(() => engine.close());
  const regression = () => networkFor(waves(64), { hiddenLayers: 2, nodesPerLayer: 8 }, { batchSize: 16 });

  test("names itself, its device and a fingerprint with versions and machine", () => {
    expect(engine.name).toBe(name);
    expect(engine.fingerprint).toMatch(/\d+\.\d+\.\d+.*node-\d+/);
    expect(engine.deterministic).toBe(true);
  });
  test("starts from the seed's initial weights", async () => {
    const session = await engine.open(regression(), waves(64), { seed: 9 });
    expect(hash(session.weights())).toBe(hash(initialWeights(regression(), 9)));
    await session.dispose();
  });
  test("gives one loss a step, before the step, and the loss falls", async () => {
    const session = await engine.open(regression(), waves(64), { seed: 1 });
    const before = await session.evaluate(rowsOf(16));
    const step = (number: number) => ({ rows: rowsOf(16), learningRate: 0.01, step: number });
    const losses = await session.train([step(1), step(2), step(3)]);
    expect(losses).toHaveLength(3);
    expect(losses[0]).toBeCloseTo(before, 5);
    expect(losses[2]).toBeLessThan(losses[0] as number);
    await session.dispose();
  });
  test("state and weights come back bit for bit, and training goes on with the same bits", async () => {
    const a = await engine.open(regression(), waves(64), { seed: 1 });
    await a.train([{ rows: rowsOf(16), learningRate: 0.01, step: 1 }]);
    const b = await engine.open(regression(), waves(64), { seed: 2 });
    b.importState(a.exportState());
    expect(b.exportState()).toEqual(a.exportState());
    const next = [{ rows: rowsOf(16, 16), learningRate: 0.01, step: 2 }];
    expect(await b.train(next)).toEqual(await a.train(next));
    expect(hash(b.weights())).toBe(hash(a.weights()));
    await Promise.all([a.dispose(), b.dispose()]);
  });
  test("weights are copies", async () => {
    const session = await engine.open(regression(), waves(64), { seed: 1 });
    const copy = session.weights();
    const loss = await session.evaluate(rowsOf(64));
    copy[0]?.weights.fill(0);
    expect(await session.evaluate(rowsOf(64))).toBe(loss);
    session.setWeights(copy);
    expect(await session.evaluate(rowsOf(64))).not.toBe(loss);
    await session.dispose();
  });
  test("predicts standardised values, softmax shares and two columns of a sigmoid", async () => {
    for (const [network, table, width] of [
      [regression(), waves(64), 1],
      [networkFor(sectors(64, 3), { hiddenLayers: 1, nodesPerLayer: 4 }, {}, 3), sectors(64, 3), 3],
      [networkFor(sectors(64, 2), { hiddenLayers: 1, nodesPerLayer: 4 }, { loss: "binary_cross_entropy" }), sectors(64, 2), 2],
    ] as const) {
      const session = await engine.open(network, table, { seed: 1 });
      const predictions = await session.predict(rowsOf(10, 5));
      expect(predictions).toHaveLength(10 * width);
      if (width > 1) expect(predictions.slice(0, width).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      await session.dispose();
    }
  });
  test("weights of another shape, and another network's state, are refused", async () => {
    const session = await engine.open(regression(), waves(64), { seed: 1 });
    expect(() => session.setWeights([{ weights: new Float32Array(3), biases: new Float32Array(1) }])).toThrow(/another shape/);
    expect(() => session.importState(new Uint8Array(12))).toThrow(/another network/);
    await session.dispose();
  });
  test("a whole run is resumed inside an epoch with the same bits", async () => {
    const job = jobFor(waves(120), { hiddenLayers: 1, nodesPerLayer: 6 }, { maxEpochs: 3, dropoutFraction: 0.2 });
    const checkpoints: Uint8Array[] = [];
    const writing = collect({ chunkMs: 0, checkpointEveryMs: 0, onCheckpoint: async (bytes) => void checkpoints.push(bytes) });
    const whole = await trainRun(engine, job, writing.hooks);
    const resumed = await trainRun(engine, { ...job, checkpoint: checkpoints[4] as Uint8Array }, collect().hooks);
    if (whole.kind !== "completed" || resumed.kind !== "completed") throw new Error("not completed");
    expect(hash(resumed.weights)).toBe(hash(whole.weights));
    expect({ ...resumed.result, trainMs: 0 }).toEqual({ ...whole.result, trainMs: 0 });
  });
  test("an empty step list, a linear model and a table of one row are no trouble", async () => {
    const linear = networkFor(waves(1), { hiddenLayers: 0, nodesPerLayer: 0 });
    const session = await engine.open(linear, waves(1), { seed: 1 });
    expect(await session.train([])).toHaveLength(0);
    expect(await session.train([{ rows: rowsOf(1), learningRate: 0.1, step: 1 }])).toHaveLength(1);
    await session.dispose();
  });
});

describe("the engines agree to 1e-4 after an epoch", () => {
  const optimizers: readonly Optimizer[] = [
    { kind: "sgd", momentum: 0, nesterov: false },
    { kind: "sgd", momentum: 0.9, nesterov: true },
    { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  ];
  const losses = [
    ["mean_squared_error", 1],
    ["mean_absolute_error", 1],
    ["huber", 1],
    ["cross_entropy", 3],
    ["binary_cross_entropy", 1],
  ] as const;
  const combinations = activations.flatMap((activation, a) =>
    losses.map(([loss, outputs], l) => ({
      activation,
      loss,
      outputs,
      optimizer: optimizers[(a + l) % 4] as Optimizer,
      extra: (a * 5 + l) % 4,
    })),
  );
  test.each(combinations)("$activation, $loss, $optimizer.kind, extra $extra", async ({ activation, loss, outputs, optimizer, extra }) => {
    const table = outputs === 3 || loss === "binary_cross_entropy" ? sectors(160, Math.max(2, outputs)) : waves(160);
    const extras = [{}, { l2: 0.01 }, { dropoutFraction: 0.25 }, { gradientClipNorm: 0.5 }][extra];
    const job: TrainJob = {
      ...jobFor(table, { hiddenLayers: 2, nodesPerLayer: 12 }, { activation, loss, optimizer, maxEpochs: 1, ...extras }, outputs),
      learningRate: 0.005,
    };
    const outcomes = [];
    for (const name of ["onnx", "tensorflow"] as const) {
      const engine = await createEngine(name);
      const outcome = await trainRun(engine, job, collect().hooks);
      await engine.close();
      if (outcome.kind !== "completed") throw new Error(outcome.kind);
      outcomes.push(outcome);
    }
    const [a, b] = outcomes as [(typeof outcomes)[0], (typeof outcomes)[0]];
    expect(Math.abs((a.result.validationLoss as number) - (b.result.validationLoss as number))).toBeLessThan(1e-4);
    for (const [layer, { weights }] of a.weights.entries()) {
      for (const [at, weight] of weights.entries()) expect(Math.abs(weight - (b.weights[layer]?.weights[at] as number))).toBeLessThan(1e-4);
    }
    expect(a.result.diagnostics?.symptoms.map(({ symptom }) => symptom)).toEqual(
      b.result.diagnostics?.symptoms.map(({ symptom }) => symptom),
    );
  });
});

describe("TensorFlow.js", () => {
  test("its memory doesn't grow over 1,000 runs", async () => {
    const engine = await createEngine("tensorflow");
    const job = jobFor(waves(8), { hiddenLayers: 1, nodesPerLayer: 2 }, { maxEpochs: 1 });
    await trainRun(engine, job, collect().hooks);
    const before = tf.memory();
    for (let run = 0; run < 1000; run++) await trainRun(engine, job, collect().hooks);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });
  test("where no package of it is installed the message says what to install", async () => {
    const missing = (name: string) => Promise.reject(new Error(`Cannot find package '${name}'`));
    await expect(loadTensorFlow(missing)).rejects.toMatchObject({
      code: "engine_unavailable",
      message: expect.stringContaining("npm install @tensorflow/tfjs-node-gpu@4.22.0"),
      issues: expect.arrayContaining([expect.objectContaining({ received: expect.stringContaining("@tensorflow/tfjs-node-gpu") })]),
    });
  });
});
