/** The stand-in's evaluations: numbers around the diagonal, classes in a matrix, and digits of a few strokes with their pictures. */
import { type Evaluation, evaluationFormat, evaluationSchema, type Mistake, type PredictionsView } from "@rightsize/contract";
import { randomStream } from "@rightsize/core";
import type { Stage } from "./stage.ts";

const side = 28;
/** A one (0) or a ring (1) in grey, `lean` pixels aslant. */
function strokes(kind: number, lean: number): Uint8Array {
  const pixels = new Uint8Array(side * side);
  for (let y = 4; y < 24; y++) {
    for (let x = 4; x < 24; x++) {
      const along = Math.abs(x - 14 - (lean * (14 - y)) / 10);
      const round = Math.abs(Math.hypot(x - 14 + lean * 0.4, (y - 14) * 0.75) - 6);
      pixels[y * side + x] = Math.max(0, Math.min(255, 255 * (2 - (kind === 0 ? along : round))));
    }
  }
  return pixels;
}

/** An evaluation of the stage's experiment; `images` for a table of digits. */
export function evaluationOf({ experiment }: Stage, images: boolean): Evaluation {
  const rows = experiment.plan.validationRows;
  const common = {
    format: evaluationFormat,
    target: experiment.target,
    rows: {
      part: "validation" as const,
      evaluated: rows,
      validation: rows,
      sentence: `All ${rows} validation rows, which no network was trained on, as the delivered model predicts them.`,
    },
    members: [{ trial: 1, capacity: { hiddenLayers: 1, nodesPerLayer: 100 }, seed: 0, fold: 0, rows }],
    metrics: {},
  };
  if (experiment.task === "regression") {
    const random = randomStream(7, "sample", 0, 0);
    const pairs = Array.from({ length: rows }, (_, row) => {
      const actual = 3 + 20 * random.uniform() ** 2;
      return { row: row * 4, actual, predicted: 4 + actual * 0.7 + 4 * (random.uniform() - 0.5) };
    });
    const worst = [...pairs].sort((a, b) => Math.abs(b.predicted - b.actual) - Math.abs(a.predicted - a.actual)).slice(0, 20);
    const histogram = { from: -6, to: 6, counts: [1, 3, 9, 18, 30, 34, 22, 9, 3, 1] };
    const quantiles = [
      { share: 0, value: -6 },
      { share: 1, value: 6 },
    ];
    return evaluationSchema.parse({
      task: "regression",
      ...common,
      pairs,
      residuals: { mean: -0.21, deviation: 2.07, quantiles, histogram },
      worst,
      notFinite: 0,
    });
  }
  const { classes } = experiment.plan;
  const confusion = classes.map((_, actual) =>
    classes.map((__, predicted) => (actual === predicted ? 60 + 8 * actual : 5 + 4 * actual + 2 * predicted)),
  );
  const total = (counts: readonly number[]) => counts.reduce((sum, one) => sum + one, 0);
  const mistake = (index: number): Mistake => ({
    row: 11 + 7 * index,
    actual: classes[index % classes.length] ?? "",
    predicted: classes[(index + 1) % classes.length] ?? "",
    probability: 0.97 - index / 40,
    probabilityOfActual: 0.02 + index / 60,
    pixels: images ? Buffer.from(strokes(index % 2, (index % 7) - 3)).toString("base64") : null,
  });
  return evaluationSchema.parse({
    task: "classification",
    ...common,
    classes,
    confusion,
    perClass: classes.map((name, index) => {
      const actual = total(confusion[index] ?? []);
      const predicted = total(confusion.map((row) => row[index] ?? 0));
      const hits = confusion[index]?.[index] ?? 0;
      return { name, actual, predicted, hits, precision: hits / predicted, recall: hits / actual, f1: (2 * hits) / (actual + predicted) };
    }),
    calibration: {
      bins: Array.from({ length: 10 }, (_, bin) => ({
        from: bin / 10,
        to: (bin + 1) / 10,
        rows: bin < 5 ? 0 : 10 + 8 * bin,
        meanProbability: bin < 5 ? null : bin / 10 + 0.05,
        shareRight: bin < 5 ? null : bin / 10 + 0.01,
      })),
      expectedError: 0.041,
    },
    mistakes: { total: 47, worst: Array.from({ length: 16 }, (_, index) => mistake(index)) },
    image: images ? { height: side, width: side, channels: 1 } : null,
  });
}

/** Takes every picture for the class whose number is its brightness in tenths: tests see that what they drew arrived. */
export function predictionOf({ experiment }: Stage, body: { rows: Record<string, number>[] }): PredictionsView {
  const pixels = Object.values(body.rows[0] ?? {});
  const bright = pixels.filter((pixel) => pixel > 100).length;
  const { classes } = experiment.plan;
  const found = Math.min(classes.length - 1, Math.floor(bright / 100));
  const probabilities = classes.map((_, index) => (index === found ? 0.82 : 0.18 / (classes.length - 1)));
  return {
    experimentId: experiment.id,
    model: "cd".repeat(32),
    target: experiment.target,
    task: "classification",
    classes,
    predictions: [classes[found] ?? ""],
    probabilities: [probabilities],
  };
}
