/** Capacities, canonical text, lifecycles, ids and errors, by example. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  asRightsizeError,
  canonicalText,
  capacityText,
  countedIds,
  endedByLimit,
  experimentStates,
  isSha256,
  isTerminal,
  linearModel,
  mayBecome,
  parameterCount,
  RightsizeError,
  randomIds,
  resolveBatchSize,
  runStates,
  sizeHeading,
  statesBefore,
  type Trial,
  trialRemark,
} from "../src/index.ts";

test.each([
  [8, { hiddenLayers: 1, nodesPerLayer: 100 }, 1, 8 * 100 + 100 + 100 + 1],
  [784, { hiddenLayers: 2, nodesPerLayer: 50 }, 10, 784 * 50 + 50 + 50 * 50 + 50 + 50 * 10 + 10],
  [3, linearModel, 1, 4],
])("%i inputs, %o, %i outputs have %i parameters", (inputs, capacity, outputs, expected) => {
  expect(parameterCount(inputs, capacity, outputs)).toBe(expected);
});

test("capacities are said as 2×250, or linear", () => {
  expect(capacityText({ hiddenLayers: 2, nodesPerLayer: 250 })).toBe("2×250");
  expect(capacityText(linearModel)).toBe("linear");
});

test("canonical text is the same for the same value, whatever the order of its members", () => {
  expect(canonicalText({ b: [1, "x", null], a: { d: true, c: 0.1 } })).toBe('{"a":{"c":0.1,"d":true},"b":[1,"x",null]}');
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalText(reversed)).toBe(canonicalText(value));
    }),
  );
});

test("canonical text parses back to the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalText(value);
      expect(canonicalText(JSON.parse(text))).toBe(text);
    }),
  );
});

test("what canonical text can't hold is refused, with its place", () => {
  expect(() => canonicalText({ a: [1, Number.NaN] })).toThrow("$.a[1] is NaN");
  expect(() => canonicalText({ a: Number.POSITIVE_INFINITY })).toThrow("$.a is Infinity");
  expect(() => canonicalText({ f: () => 1 })).toThrow("$.f is a function");
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  expect(() => canonicalText(loop)).toThrow("$.self refers to itself");
});

test("an experiment that has ended never changes again", () => {
  for (const ended of ["SUCCEEDED", "FAILED", "CANCELLED"] as const) {
    expect(isTerminal("experiment", ended)).toBe(true);
    for (const next of experimentStates) expect(mayBecome("experiment", ended, next)).toBe(false);
  }
});

test("a run goes back to the queue only from RUNNING, and nothing follows its result", () => {
  expect(statesBefore("run", "QUEUED")).toEqual(["RUNNING"]);
  expect(runStates.filter((state) => isTerminal("run", state))).toEqual(["COMPLETED", "DIVERGED", "STOPPED", "FAILED", "CANCELLED"]);
});

test("a trial that has ended may be reopened by more runs", () => {
  expect(mayBecome("trial", "COMPLETED", "RUNNING")).toBe(true);
  expect(isTerminal("trial", "COMPLETED")).toBe(true);
});

test("ids carry their kind and hold no colon", () => {
  expect(randomIds("run")).toMatch(/^run_[0-9a-f]{32}$/);
  const ids = countedIds();
  expect([ids("trial"), ids("run"), ids("trial")]).toEqual(["tri_1", "run_1", "tri_2"]);
});

test("a SHA-256 is 64 lower-case hexadecimal digits", () => {
  expect(isSha256("a".repeat(64))).toBe(true);
  expect(isSha256("A".repeat(64))).toBe(false);
  expect(isSha256("a".repeat(63))).toBe(false);
});

test("errors cross a process boundary as plain data; strangers become internal with their cause", () => {
  const error = new RightsizeError("unusable_data", "no rows are left", {
    issues: [{ where: "/target", received: "y", required: "a number" }],
  });
  expect(RightsizeError.fromPlain(error.toPlain())).toMatchObject({ code: "unusable_data", kind: "invalid", issues: error.issues });
  const stranger = new TypeError("x is undefined");
  expect(asRightsizeError(stranger)).toMatchObject({ code: "internal", cause: stranger });
});

test("auto batches are 32 rows below 2,000 training rows, else 128, never more than there are", () => {
  expect([resolveBatchSize("auto", 500), resolveBatchSize("auto", 2000), resolveBatchSize("auto", 10), resolveBatchSize(64, 40)]).toEqual([
    32, 128, 10, 40,
  ]);
});

test("a trial without a score says how it ended, one that a limit stopped as that, and one that goes on nothing", () => {
  const remark = (state: Trial["state"], verdict: string | null = null) => trialRemark({ state, score: null, verdict });
  expect([remark("COMPLETED", "untrainable"), remark("FAILED"), remark("CANCELLED"), remark("CANCELLED", "stopped")]).toEqual([
    "diverged",
    "failed",
    "cancelled",
    "stopped by a limit",
  ]);
  expect([remark("PENDING"), remark("RUNNING"), trialRemark({ state: "COMPLETED", score: 5.4, verdict: null })]).toEqual(["", "", ""]);
});

test("a size that a limit left as the best is not called the right one", () => {
  expect(sizeHeading({ verdict: "limit" })).toBe("The best size so far, when the limit was reached");
  expect([sizeHeading({ verdict: "ceiling" }), sizeHeading({})]).toEqual(["The right size", "The right size"]);
  expect([endedByLimit({ verdict: "limit" }), endedByLimit({ verdict: "converged" }), endedByLimit({}), endedByLimit(null)]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
