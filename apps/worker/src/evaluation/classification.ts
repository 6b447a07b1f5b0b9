/** How predicted classes lie beside the actual ones: the confusion matrix, each class, calibration, and the worst mistakes. */
import { type ClassificationEvaluation, evaluationLimits } from "@rightsize/contract";
import { firstOf } from "./first-of.ts";

type Told = Pick<ClassificationEvaluation, "confusion" | "perClass" | "calibration"> & {
  readonly mistakeCount: number;
  /** Indices of the rows that are predicted wrong, the actual class least expected first. */
  readonly worst: readonly number[];
};

const binCount = 10;

export interface ClassRows {
  readonly classes: readonly string[];
  /** [rows, classes]. */
  readonly shares: Float64Array;
  /** Class numbers, [rows]. */
  readonly actual: Int32Array;
  /** The most probable class of each row, the first of equals, [rows]. */
  readonly predicted: Int32Array;
}

export function mostProbable(shares: Float64Array, classCount: number): Int32Array {
  return Int32Array.from({ length: shares.length / classCount }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classCount; k++) {
      if ((shares[row * classCount + k] as number) > (shares[row * classCount + best] as number)) best = k;
    }
    return best;
  });
}

export function tellClassification({ classes, shares, actual, predicted }: ClassRows): Told {
  const width = classes.length;
  const confusion = classes.map(() => new Array<number>(width).fill(0));
  const wrong: number[] = [];
  actual.forEach((truth, row) => {
    const guess = predicted[row] as number;
    const counts = confusion[truth] as number[];
    counts[guess] = (counts[guess] as number) + 1;
    if (guess !== truth) wrong.push(row);
  });
  const expected = (row: number) => shares[row * width + (actual[row] as number)] as number;
  const certainty = (row: number) => shares[row * width + (predicted[row] as number)] as number;
  const worse = (a: number, b: number) => expected(a) - expected(b) || certainty(b) - certainty(a);
  const worst = firstOf(wrong.length, evaluationLimits.mistakes, (a, b) => worse(wrong[a] as number, wrong[b] as number));
  return {
    confusion,
    perClass: classes.map((name, index) => classLine(name, index, confusion)),
    calibration: calibrationOf(actual, predicted, certainty),
    mistakeCount: wrong.length,
    worst: worst.map((index) => wrong[index] as number),
  };
}

function classLine(name: string, index: number, confusion: readonly (readonly number[])[]): ClassificationEvaluation["perClass"][number] {
  const hits = confusion[index]?.[index] ?? 0;
  const actual = (confusion[index] ?? []).reduce((sum, count) => sum + count, 0);
  const predicted = confusion.reduce((sum, counts) => sum + (counts[index] ?? 0), 0);
  const share = (of: number) => (of === 0 ? null : hits / of);
  return {
    ...{ name, actual, predicted, hits, precision: share(predicted), recall: share(actual) },
    f1: actual + predicted === 0 ? null : (2 * hits) / (actual + predicted),
  };
}

/** Bins of equal width over the probability of the predicted class (Guo et al. 2017). */
function calibrationOf(
  actual: Int32Array,
  predicted: Int32Array,
  certainty: (row: number) => number,
): ClassificationEvaluation["calibration"] {
  const rows = new Array<number>(binCount).fill(0);
  const sums = new Array<number>(binCount).fill(0);
  const right = new Array<number>(binCount).fill(0);
  actual.forEach((truth, row) => {
    const bin = Math.min(binCount - 1, Math.floor(certainty(row) * binCount));
    rows[bin] = (rows[bin] as number) + 1;
    sums[bin] = (sums[bin] as number) + certainty(row);
    if (predicted[row] === truth) right[bin] = (right[bin] as number) + 1;
  });
  const bins = rows.map((count, bin) => ({
    from: bin / binCount,
    to: (bin + 1) / binCount,
    rows: count,
    meanProbability: count === 0 ? null : (sums[bin] as number) / count,
    shareRight: count === 0 ? null : (right[bin] as number) / count,
  }));
  const apart = rows.reduce((sum, _, bin) => sum + Math.abs((sums[bin] as number) - (right[bin] as number)), 0);
  return { bins, expectedError: actual.length === 0 ? 0 : apart / actual.length };
}
