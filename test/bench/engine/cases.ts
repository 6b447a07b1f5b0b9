/** The shapes that bench:engine measures, and our own side of a measurement. */
import { defaultRecipe, type Engine, type Optimizer, randomStream, type TensorTable } from "@rightsize/core";
import { type TrainHooks, type TrainJob, trainRun } from "@rightsize/engine";

export interface BenchCase {
  readonly name: string;
  readonly features: number;
  readonly nodes: number;
  readonly layers: number;
  readonly outputs: number;
  readonly batch: number;
  /** Training rows; a quarter as many validate. */
  readonly rows: number;
  readonly optimizer: "adam" | "momentum";
  /** Epochs of one round. */
  readonly epochs: number;
}

const shapes = [
  { features: 8, nodes: 64, layers: 1, outputs: 1, batch: 32, rows: 20_000, epochs: 12 },
  { features: 8, nodes: 250, layers: 3, outputs: 1, batch: 32, rows: 20_000, epochs: 3 },
  { features: 784, nodes: 100, layers: 2, outputs: 10, batch: 128, rows: 8_000, epochs: 6 },
  { features: 784, nodes: 250, layers: 3, outputs: 10, batch: 128, rows: 8_000, epochs: 4 },
  { features: 64, nodes: 1000, layers: 3, outputs: 1, batch: 256, rows: 20_000, epochs: 1 },
] as const;

export const cases: readonly BenchCase[] = shapes.flatMap((shape) =>
  (["adam", "momentum"] as const).map((optimizer) => ({
    ...shape,
    optimizer,
    name: `${shape.features}-${`${shape.nodes}-`.repeat(shape.layers)}${shape.outputs} ${optimizer}`,
  })),
);

const optimizers: Readonly<Record<BenchCase["optimizer"], Optimizer>> = {
  adam: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  momentum: { kind: "sgd", momentum: 0.9, nesterov: false },
};

/** Random numbers of the case's shape; what they say doesn't matter for the time. */
export function jobOf(one: BenchCase): TrainJob {
  const random = randomStream(1, "sample", 0, 0);
  const all = Math.floor(one.rows * 1.25);
  const gauss = () => random.uniform() + random.uniform() + random.uniform() - 1.5;
  const x = Float32Array.from({ length: all * one.features }, gauss);
  const y = Float32Array.from({ length: all }, () => (one.outputs === 1 ? gauss() : random.below(one.outputs)));
  const tensors: TensorTable = { rowCount: all, inputs: one.features, x, y };
  const recipe = { ...defaultRecipe, optimizer: optimizers[one.optimizer], batchSize: one.batch, patience: 10_000 };
  const rows = Int32Array.from({ length: all }, (_, row) => row);
  return {
    network: {
      inputs: one.features,
      outputs: one.outputs,
      capacity: { hiddenLayers: one.layers, nodesPerLayer: one.nodes },
      task: one.outputs === 1 ? "regression" : "classification",
      recipe,
      classWeights: null,
    },
    tensors,
    rows: { training: rows.slice(0, one.rows), validation: rows.slice(one.rows) },
    target: { mean: 0, deviation: 1, log: false },
    seed: 1,
    learningRate: 0.001,
    recipe,
  };
}

/** CPU seconds of each epoch of a run through the whole train loop, validation included; the first epoch (it warms up) is left out. */
export async function ourEpochs(
  engine: Engine,
  job: TrainJob,
  count: number,
  beside: Partial<TrainHooks> = {},
): Promise<readonly number[]> {
  const marks: number[] = [];
  const cpu = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const hooks = {
    onEpoch: () => void marks.push(cpu()),
    signal: new AbortController().signal,
    now: () => performance.now(),
    ...beside,
  };
  const recipe = { ...job.recipe, maxEpochs: count + 1 };
  await trainRun(engine, { ...job, recipe }, hooks);
  return marks.slice(1).map((mark, index) => mark - (marks[index] as number));
}
