/** Order statistics and moments, exact and without sorting. */

/** The k-th smallest (from 0), found by Hoare's quickselect; reorders `values`. */
function select(values: Float64Array, k: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const pivot = values[(left + right) >> 1] as number;
    let low = left;
    let high = right;
    while (low <= high) {
      while ((values[low] as number) < pivot) low++;
      while ((values[high] as number) > pivot) high--;
      if (low <= high) {
        const kept = values[low] as number;
        values[low++] = values[high] as number;
        values[high--] = kept;
      }
    }
    if (k <= high) right = high;
    else if (k >= low) left = low;
    else break;
  }
  return values[k] as number;
}

/** The q-quantile (0–1) of finite values by linear interpolation (type 7 of Hyndman and Fan 1996); 0 for none. Reorders `values`. */
export function quantile(values: Float64Array, q: number): number {
  if (values.length === 0) return 0;
  const place = q * (values.length - 1);
  const below = Math.floor(place);
  const low = select(values, below);
  return place === below ? low : low + (place - below) * (select(values, below + 1) - low);
}

/** Mean and population deviation, in two passes. */
export function moments(values: Float64Array): { readonly mean: number; readonly deviation: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = values.length > 0 ? sum / values.length : 0;
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  return { mean, deviation: values.length > 0 ? Math.sqrt(squares / values.length) : 0 };
}
