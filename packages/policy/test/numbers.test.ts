/** Our own logarithm and exponential, held against the engine's. */
import { describe, expect, it } from "vitest";
import { exponential, logLoss, naturalLog, numberText, pairText, percentText, rounded } from "../src/numbers.ts";

describe("naturalLog and exponential", () => {
  it.each([1e-300, 1e-12, 0.1, 0.5, 0.999999, 1, 1.0000001, 2, Math.E, 5.4, 1e6, 1e300])("ln %f agrees to 15 digits", (x) => {
    expect(Math.abs(naturalLog(x) - Math.log(x))).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(Math.log(x))));
  });
  it.each([-700, -20, -1, -0.01, 0, 1e-9, 0.3, 1, 2.5, 50, 700])("e to the %f agrees to 14 digits", (x) => {
    expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-14);
  });
  it("refuse what has no answer", () => {
    expect(() => naturalLog(0)).toThrow(RangeError);
    expect(() => naturalLog(Number.NaN)).toThrow(RangeError);
    expect(() => exponential(701)).toThrow(RangeError);
  });
  it("take a perfect loss of 0 as 1e-12", () => {
    expect(logLoss(0)).toBe(logLoss(1e-12));
  });
});

describe("numbers as text", () => {
  it("have four digits, more only to tell two apart, and no minus zero", () => {
    expect(numberText(0.123456)).toBe("0.1235");
    expect(pairText(4.8, 5.4)).toEqual(["4.8", "5.4"]);
    expect(pairText(0.123456, 0.123457)).toEqual(["0.123456", "0.123457"]);
    expect(Object.is(rounded(-0), 0)).toBe(true);
    expect(percentText(0.0321)).toBe("3.2 %");
  });
});
