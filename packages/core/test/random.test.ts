/** Counter-based random numbers: known answers, independence of order, no bias. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { permutation, philox, randomStream } from "../src/index.ts";

test("Philox 4×32-10 gives the known answers of its authors (Random123's kat_vectors)", () => {
  const out = new Uint32Array(4);
  philox([0, 0, 0, 0], [0, 0], out);
  expect([...out].map((word) => word.toString(16))).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
  philox([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], out);
  expect([...out].map((word) => word.toString(16))).toEqual(["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]);
  philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], out);
  expect([...out].map((word) => word.toString(16))).toEqual(["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]);
});

test("a stream depends on seed, purpose, epoch and index, and on nothing read before", () => {
  const first = (...place: Parameters<typeof randomStream>) => randomStream(...place).bits();
  const here = first(7, "weights", 0, 0);
  expect(first(7, "weights", 0, 0)).toBe(here);
  const elsewhere = [first(8, "weights", 0, 0), first(7, "dropout", 0, 0), first(7, "weights", 1, 0), first(7, "weights", 0, 1)];
  expect(elsewhere).not.toContain(here);
  expect(first(2 ** 32 + 7, "weights", 0, 0)).not.toBe(here);
});

test("uniform numbers are in [0, 1), exact in float32, with mean 1/2", () => {
  const stream = randomStream(1, "sample", 0, 0);
  const drawn = Array.from({ length: 20_000 }, () => stream.uniform());
  expect(drawn.every((value) => value >= 0 && value < 1 && Math.fround(value) === value)).toBe(true);
  expect(drawn.reduce((sum, value) => sum + value, 0) / drawn.length).toBeCloseTo(0.5, 1);
});

test("a permutation holds every number once, and another epoch orders them otherwise", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.nat(), fc.nat(1000), (count, seed, epoch) => {
      const order = permutation(count, seed, "batch_order", epoch);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(permutation(count, seed, "batch_order", epoch)).toEqual(order);
    }),
  );
  expect(permutation(100, 1, "batch_order", 1)).not.toEqual(permutation(100, 1, "batch_order", 2));
});

test("each of the six orders of three rows comes about equally often", () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 6000; seed++) {
    const order = permutation(3, seed, "split", 0).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
