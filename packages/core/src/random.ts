/** Counter-based random numbers: every number is a pure function of (seed, purpose, epoch, index), with no state to save. */

/** What a stream of numbers is for; two purposes never share numbers. */
export const randomPurposes = { weights: 1, batch_order: 2, dropout: 3, split: 4, search: 5, sample: 6 } as const;
export type RandomPurpose = keyof typeof randomPurposes;

const multiplierA = 0xd2511f53;
const multiplierB = 0xcd9e8d57;
const weylA = 0x9e3779b9 | 0;
const weylB = 0xbb67ae85 | 0;

/** High 32 bits of an unsigned 32 × 32 bit product, from 16-bit halves (Warren, Hacker's Delight, 8-2); every sum fits 32 bits, so that no step leaves integer registers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
}

/**
 * Philox 4×32 with 10 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): encrypts a counter of
 * four 32-bit words under a key of two into four words. Integer arithmetic only, so equal on every machine.
 */
export function philox(counter: readonly [number, number, number, number], key: readonly [number, number], out: Uint32Array): void {
  encrypt(counter[0] | 0, counter[1] | 0, counter[2] | 0, counter[3] | 0, key[0] | 0, key[1] | 0, out);
}

function encrypt(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: Uint32Array): void {
  for (let round = 0; round < 10; round++) {
    const highA = multiplyHigh(multiplierA, c0);
    const highB = multiplyHigh(multiplierB, c2);
    const lowA = Math.imul(multiplierA, c0);
    const lowB = Math.imul(multiplierB, c2);
    c0 = highB ^ c1 ^ k0;
    c1 = lowB;
    c2 = highA ^ c3 ^ k1;
    c3 = lowA;
    k0 = (k0 + weylA) | 0;
    k1 = (k1 + weylB) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** An endless stream of random numbers at a place; reading it changes only the reader. */
export interface RandomStream {
  /** A whole number in [0, 2^32). */
  bits(): number;
  /** A number in [0, 1) with 24 random bits, exact in float32. */
  uniform(): number;
  /** A whole number in [0, limit), without bias; limit in [1, 2^32]. */
  below(limit: number): number;
}

/**
 * The stream for one place: a whole-number seed in [0, 2^53), a purpose, an epoch and an index (both in [0, 2^32)).
 * Example: `randomStream(7, "weights", 0, layer)` gives a layer's initial weights.
 */
export function randomStream(seed: number, purpose: RandomPurpose, epoch: number, index: number): RandomStream {
  const k0 = seed | 0;
  const k1 = upperKey(seed, purpose);
  const c1 = epoch | 0;
  const c2 = index | 0;
  const block = new Uint32Array(4);
  let counter = 0;
  let used = 4;
  const bits = () => {
    if (used === 4) {
      encrypt(counter, c1, c2, 0, k0, k1, block);
      counter = (counter + 1) | 0;
      used = 0;
    }
    return block[used++] as number;
  };
  return {
    bits,
    uniform: () => (bits() >>> 8) * 2 ** -24,
    below: (limit) => {
      for (;;) {
        const drawn = bits();
        if (!isRefused(drawn, limit)) return remainder(drawn, limit);
      }
    },
  };
}

/** The second word of a place's key; the first is the seed's lower half. */
function upperKey(seed: number, purpose: RandomPurpose): number {
  return Math.floor(seed / 0x100000000) ^ Math.imul(randomPurposes[purpose], 0x85ebca6b);
}

/** Whether 32 random bits lie in the last, incomplete multiple of the limit; nearly all lie so far below it that it need not be worked out. */
function isRefused(drawn: number, limit: number): boolean {
  return drawn >= 0x100000000 - limit && drawn >= 0x100000000 - remainder(0x100000000, limit);
}

/** `value % limit` for whole numbers in [0, 2^32], several times faster: there the rounded quotient never reaches the next whole number. */
function remainder(value: number, limit: number): number {
  return value - Math.floor(value / limit) * limit;
}

/**
 * A permutation of 0 … count − 1 (Fisher–Yates; Durstenfeld 1964) for one place. The numbers are those of `below` of the place's stream,
 * written out: a call for each would take as long as all the rest. Fills `order` [count] where it is given.
 */
export function permutation(
  count: number,
  seed: number,
  purpose: RandomPurpose,
  epoch: number,
  index = 0,
  order: Int32Array = new Int32Array(count),
): Int32Array {
  const upper = upperKey(seed, purpose);
  const block = new Uint32Array(4);
  let counter = 0;
  let used = 4;
  for (let position = 0; position < count; position++) order[position] = position;
  for (let last = count - 1; last > 0; ) {
    if (used === 4) {
      encrypt(counter, epoch | 0, index | 0, 0, seed | 0, upper, block);
      counter = (counter + 1) | 0;
      used = 0;
    }
    const drawn = block[used++] as number;
    const limit = last + 1;
    if (isRefused(drawn, limit)) continue;
    const other = remainder(drawn, limit);
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
    last--;
  }
  return order;
}
