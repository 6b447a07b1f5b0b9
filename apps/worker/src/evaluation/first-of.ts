/** The first few of many by an order, without sorting them all. */

/** At most `most` of 0 … count − 1, in the order of `compare` (negative: a first), equals by number. */
export function firstOf(count: number, most: number, compare: (a: number, b: number) => number): readonly number[] {
  const kept: number[] = [];
  for (let index = 0; index < count; index++) {
    let place = kept.length;
    while (place > 0 && compare(index, kept[place - 1] as number) < 0) place--;
    if (place >= most) continue;
    kept.splice(place, 0, index);
    if (kept.length > most) kept.pop();
  }
  return kept;
}
