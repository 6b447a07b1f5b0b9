/** Dropout masks: pure functions of (seed, step, layer), so that a resumed run drops the same units. */
import { philox, randomPurposes } from "@rightsize/core";

/**
 * Fills `mask` [rows, nodes] with 0 for a dropped unit and 1 / (1 − fraction) for a kept one (Srivastava et al. 2014, inverted).
 * One random block of 128 bits decides eight units, 16 bits each: the fraction is exact to 2^-16.
 */
export function fillDropoutMask(mask: Float32Array, fraction: number, seed: number, step: number, layer: number): void {
  const key: [number, number] = [seed >>> 0, (Math.floor(seed / 0x100000000) ^ Math.imul(randomPurposes.dropout, 0x85ebca6b)) >>> 0];
  const threshold = Math.round(fraction * 0x10000);
  const kept = 1 / (1 - threshold / 0x10000);
  const block = new Uint32Array(4);
  for (let at = 0; at < mask.length; at += 8) {
    philox([at >>> 3, step >>> 0, layer >>> 0, 1], key, block);
    const end = Math.min(8, mask.length - at);
    for (let unit = 0; unit < end; unit++) {
      const bits = (block[unit >>> 1] as number) >>> ((unit & 1) * 16);
      mask[at + unit] = (bits & 0xffff) < threshold ? 0 : kept;
    }
  }
}
