/**
 * What the runs of many trials say together: log loss = the trial's own level + the fold's difficulty + noise.
 *
 * With one fold this is plain means and the pooled variance within trials. With several folds the fold effects are estimated
 * from all trials by least squares (two-way layout without interaction; H. Scheffé 1959, "The analysis of variance", ch. 4), so
 * that trials that saw different folds are compared fairly: that is what pairing by split buys.
 */
import { logLoss } from "./numbers.ts";
import { summarise, type TrialView } from "./trials.ts";

/** What is believed of the noise before any replicate: a deviation (log scale, a fraction) with the weight of so many observations. */
export interface NoisePrior {
  readonly deviation: number;
  readonly weight: number;
}

/** The difference of two trials' levels on the log scale: trial minus the other; negative is better. */
export interface Contrast {
  readonly difference: number;
  readonly standardError: number;
}

/** What all runs together say: a level for each trial, and the noise around levels. */
export interface AdditiveModel {
  /** Level by trial number: mean log loss, freed of fold effects; only trials with a score. */
  readonly levels: ReadonlyMap<number, number>;
  /** Pooled deviation of one run around its trial's level, prior included. */
  readonly deviation: number;
  /** Degrees of freedom of that deviation, prior included. */
  readonly degrees: number;
  /** Runs that stand for a trial. */
  readonly runs: (trial: number) => number;
  /** Throws a RangeError where either trial has no score. */
  readonly contrast: (trial: number, against: number) => Contrast;
}

/** Fits the model to the standing runs of all trials that have a score. */
export function fitAdditiveModel(trials: readonly TrialView[], prior: NoisePrior): AdditiveModel {
  const groups = trials.flatMap((trial) => {
    const { score, all } = summarise(trial);
    const runs = all.map(({ outcome }) => ({ fold: outcome.fold, value: logLoss(outcome.validationLoss) }));
    return score === null ? [] : [{ number: trial.number, runs }];
  });
  const folds = [...new Set(groups.flatMap(({ runs }) => runs.map(({ fold }) => fold)))].sort((a, b) => a - b);
  // Shares of each fold but the first (whose effect is fixed at 0) among a group's runs: [folds − 1]
  const shares = new Map(
    groups.map(({ number, runs }) => [number, folds.slice(1).map((fold) => runs.filter((run) => run.fold === fold).length / runs.length)]),
  );
  const means = new Map(groups.map(({ number, runs }) => [number, mean(runs.map(({ value }) => value))]));
  const share = (number: number) => shares.get(number) ?? [];
  const size = folds.length > 0 ? folds.length - 1 : 0;
  // Normal equations of the fold effects after the trial levels are eliminated: [size, size] and [size]
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const right = new Array<number>(size).fill(0);
  for (const { number, runs } of groups) {
    for (const { fold, value } of runs) {
      const column = folds.indexOf(fold) - 1;
      const centred = share(number).map((part, index) => (index === column ? 1 : 0) - part);
      centred.forEach((one, row) => {
        right[row] = (right[row] as number) + one * (value - (means.get(number) as number));
        const line = matrix[row] as number[];
        centred.forEach((other, at) => {
          line[at] = (line[at] as number) + one * other;
        });
      });
    }
  }
  const { inverse, rank } = pseudoInverse(matrix);
  const effects = inverse.map((row) => dot(row, right));
  const levels = new Map(groups.map(({ number }) => [number, (means.get(number) as number) - dot(share(number), effects)]));
  let squares = 0;
  let count = 0;
  for (const { number, runs } of groups)
    for (const { fold, value } of runs) {
      const residual = value - (levels.get(number) as number) - (effects[folds.indexOf(fold) - 1] ?? 0);
      squares += residual * residual;
      count++;
    }
  const own = Math.max(0, count - groups.length - rank);
  const degrees = prior.weight + own;
  const variance = degrees > 0 ? (prior.weight * prior.deviation * prior.deviation + squares) / degrees : 0;
  const runs = (trial: number) => groups.find(({ number }) => number === trial)?.runs.length ?? 0;
  return {
    levels,
    deviation: Math.sqrt(variance),
    degrees,
    runs,
    contrast: (trial, against) => {
      const one = levels.get(trial);
      const other = levels.get(against);
      if (one === undefined || other === undefined)
        throw new RangeError(`trials ${trial} and ${against} can't be compared: one has no score`);
      const apart = share(trial).map((part, index) => part - (share(against)[index] as number));
      const spread = dot(
        apart,
        inverse.map((row) => dot(row, apart)),
      );
      return { difference: one - other, standardError: Math.sqrt(variance * (1 / runs(trial) + 1 / runs(against) + Math.max(0, spread))) };
    },
  };
}

/** Inverse of a small symmetric matrix by Gauss and Jordan; a fold that nothing ties to the others gets effect 0 (a zero row). */
function pseudoInverse(matrix: readonly (readonly number[])[]): { readonly inverse: number[][]; readonly rank: number } {
  const size = matrix.length;
  const work = matrix.map((row, index) => [...row, ...Array.from({ length: size }, (_, column) => (column === index ? 1 : 0))]);
  const used = new Array<boolean>(size).fill(false);
  for (let pivot = 0; pivot < size; pivot++) {
    const line = work[pivot] as number[];
    const head = line[pivot] as number;
    if (Math.abs(head) < 1e-9) continue;
    used[pivot] = true;
    for (let column = 0; column < 2 * size; column++) line[column] = (line[column] as number) / head;
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const other = work[row] as number[];
      const factor = other[pivot] as number;
      for (let column = 0; column < 2 * size; column++) other[column] = (other[column] as number) - factor * (line[column] as number);
    }
  }
  const inverse = work.map((row, index) => row.slice(size).map((value, column) => (used[index] && used[column] ? value : 0)));
  return { inverse, rank: used.filter(Boolean).length };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] as number), 0);
}
