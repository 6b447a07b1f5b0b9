/** A small Gaussian process over (log2 nodes, layers): the smoothed posterior that honest replays draw their truths from. */

/** One measured cell: mean log loss and the variance of that mean. */
export interface Measured {
  readonly layers: number;
  readonly nodes: number;
  readonly level: number;
  readonly variance: number;
}
export interface Place {
  readonly layers: number;
  readonly nodes: number;
}

/** Draws of the true level at places, given what was measured. */
export interface Posterior {
  /** Length scales, amplitude and cell effect that explain the measurements best (log marginal likelihood). */
  readonly kernel: Kernel;
  readonly mean: readonly number[];
  /** One draw of all places together, from standard normals. */
  readonly draw: (normal: () => number) => readonly number[];
}
export interface Kernel {
  readonly nodesScale: number;
  readonly layersScale: number;
  /** Variance of the smooth part, and of what each cell has of its own. */
  readonly smooth: number;
  readonly own: number;
}

/**
 * The posterior at `places`. Squared-exponential kernel with a scale an axis plus a cell effect (Rasmussen and Williams 2006,
 * "Gaussian processes for machine learning", ch. 2 and 5); its numbers by the largest marginal likelihood on a grid.
 */
export function posterior(measured: readonly Measured[], places: readonly Place[]): Posterior {
  const centre = measured.reduce((sum, { level }) => sum + level, 0) / measured.length;
  const values = measured.map(({ level }) => level - centre);
  const spread = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  let best: { kernel: Kernel; likelihood: number } | null = null;
  for (const nodesScale of [0.7, 1, 1.5, 2.2, 3.3, 5])
    for (const layersScale of [0.5, 0.8, 1.2, 2, 3])
      for (const amplitude of [0.5, 1, 2, 4])
        for (const share of [0.0001, 0.002, 0.01, 0.04]) {
          const kernel = { nodesScale, layersScale, smooth: spread * amplitude, own: spread * amplitude * share };
          const lower = cholesky(covariance(kernel, measured, measured, true));
          const solved = solveLower(lower, values);
          const fit = solved.reduce((sum, value) => sum + value * value, 0);
          const likelihood = -fit / 2 - lower.reduce((sum, row, index) => sum + Math.log(row[index] as number), 0);
          if (best === null || likelihood > best.likelihood) best = { kernel, likelihood };
        }
  const { kernel } = best as { kernel: Kernel };
  const lower = cholesky(covariance(kernel, measured, measured, true));
  const weights = solveUpper(lower, solveLower(lower, values));
  const cross = places.map((place) => measured.map((cell) => between(kernel, place, cell)));
  const mean = cross.map((row) => centre + row.reduce((sum, value, index) => sum + value * (weights[index] as number), 0));
  const halves = cross.map((row) => solveLower(lower, row));
  const left = places.map((a, i) =>
    places.map(
      (b, j) =>
        between(kernel, a, b) -
        (halves[i] as number[]).reduce((sum, value, index) => sum + value * ((halves[j] as number[])[index] as number), 0) +
        (i === j ? 1e-10 * kernel.smooth : 0),
    ),
  );
  const root = cholesky(left);
  return {
    kernel,
    mean,
    draw: (normal) => {
      const drawn = places.map(normal);
      return mean.map((level, i) => level + (root[i] as number[]).reduce((sum, value, index) => sum + value * (drawn[index] ?? 0), 0));
    },
  };
}

function between(kernel: Kernel, a: Place, b: Place): number {
  const nodes = (Math.log2(a.nodes) - Math.log2(b.nodes)) / kernel.nodesScale;
  const layers = (a.layers - b.layers) / kernel.layersScale;
  const same = a.nodes === b.nodes && a.layers === b.layers;
  return kernel.smooth * Math.exp(-(nodes * nodes + layers * layers) / 2) + (same ? kernel.own : 0);
}

function covariance(kernel: Kernel, rows: readonly Measured[], columns: readonly Measured[], noisy: boolean): number[][] {
  return rows.map((a, i) => columns.map((b, j) => between(kernel, a, b) + (noisy && i === j ? a.variance : 0)));
}

/** The lower triangle L with L Lᵀ = matrix; a pivot below 1e-14 counts as 1e-14. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const lower: number[][] = [];
  matrix.forEach((row, i) => {
    const line: number[] = [];
    for (let j = 0; j <= i; j++) {
      const other = j === i ? line : (lower[j] as number[]);
      let sum = row[j] as number;
      for (let k = 0; k < j; k++) sum -= (line[k] as number) * (other[k] as number);
      line.push(j === i ? Math.sqrt(Math.max(sum, 1e-14)) : sum / (other[j] as number));
    }
    lower.push(line);
  });
  return lower;
}

function solveLower(lower: readonly (readonly number[])[], right: readonly number[]): number[] {
  const solved: number[] = [];
  lower.forEach((row, i) => {
    let sum = right[i] as number;
    for (let k = 0; k < i; k++) sum -= (row[k] as number) * (solved[k] as number);
    solved.push(sum / (row[i] as number));
  });
  return solved;
}

function solveUpper(lower: readonly (readonly number[])[], right: readonly number[]): number[] {
  const solved = new Array<number>(right.length).fill(0);
  for (let i = right.length - 1; i >= 0; i--) {
    let sum = right[i] as number;
    for (let k = i + 1; k < right.length; k++) sum -= ((lower[k] as number[])[i] as number) * (solved[k] as number);
    solved[i] = sum / ((lower[i] as number[])[i] as number);
  }
  return solved;
}
