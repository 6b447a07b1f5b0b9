/** Student's t against printed tables. */
import { describe, expect, it } from "vitest";
import { incompleteBeta, logGamma, studentProbability, studentQuantile } from "../src/statistics.ts";

describe("Student's t", () => {
  it.each([
    [0.95, 1, 6.313751514675],
    [0.95, 4, 2.131846786327],
    [0.975, 4, 2.776445105198],
    [0.95, 10, 1.812461122812],
    [0.995, 30, 2.749995653567],
    [0.975, 1000, 1.962339080829],
  ])("has %f below its quantile with %i degrees", (probability, degrees, t) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(t, 9);
    expect(studentProbability(t, degrees)).toBeCloseTo(probability, 10);
    expect(studentProbability(-t, degrees)).toBeCloseTo(1 - probability, 10);
  });

  it("is even about 0, and certain far away", () => {
    expect(studentProbability(0, 7)).toBe(0.5);
    expect(studentQuantile(0.05, 4)).toBe(-studentQuantile(0.95, 4));
    expect(studentProbability(Number.POSITIVE_INFINITY, 3)).toBe(1);
    expect(studentProbability(-1e6, 9)).toBeLessThan(1e-30);
  });

  it("refuses a quantile of certainty", () => {
    expect(() => studentQuantile(1, 4)).toThrow(RangeError);
  });
});

describe("what it is made of", () => {
  it("Γ(10) is 9!, Γ(1/2) is √π", () => {
    expect(logGamma(10)).toBeCloseTo(Math.log(362880), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
  });
  it("I_x(a, b) has its closed forms", () => {
    expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 13);
    expect(incompleteBeta(0.3, 2, 1)).toBeCloseTo(0.09, 13);
    expect(incompleteBeta(0.7, 3, 5)).toBeCloseTo(1 - incompleteBeta(0.3, 5, 3), 13);
  });
});
