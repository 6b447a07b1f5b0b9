/** The weights of a batch's rows in the mean loss, and picking targets by row. */

/** Writes row weight / sum of row weights × factor from `start` on: the coefficients of a weighted mean (PyTorch's, for class weights). */
export function fillCoefficients(
  c: Float32Array,
  start: number,
  rows: Int32Array,
  y: Float32Array,
  classWeights: readonly number[] | null,
  factor: number,
): void {
  if (classWeights === null || classWeights.length === 0) {
    c.fill(factor / rows.length, start, start + rows.length);
    return;
  }
  let sum = 0;
  for (const row of rows) sum += classWeights[y[row] as number] as number;
  for (let at = 0; at < rows.length; at++) c[start + at] = ((classWeights[y[rows[at] as number] as number] as number) * factor) / sum;
}

/** The values of the given rows. */
export function pick(values: Float32Array, rows: Int32Array): Float32Array {
  const picked = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at++) picked[at] = values[rows[at] as number] as number;
  return picked;
}
