/** The list of experiments when its first page is looked at again. */
import type { ExperimentView } from "@rightsize/contract";
import { describe, expect, it } from "vitest";
import { mergeFirstPage } from "../src/use-experiment-list.ts";

const item = (id: string, eventCount: number) => ({ id, eventCount }) as ExperimentView;

describe("a first page that comes again", () => {
  const known = [item("c", 3), item("b", 2), item("a", 1)];
  it("changes nothing where nothing happened", () => {
    expect(mergeFirstPage(known, [item("c", 3), item("b", 2)])).toBe(known);
  });
  it("puts new experiments first and renews those that went on, keeping the older pages", () => {
    const merged = mergeFirstPage(known, [item("d", 1), item("c", 9)]);
    expect(merged.map(({ id, eventCount }) => `${id}${eventCount}`)).toEqual(["d1", "c9", "b2", "a1"]);
    expect(merged[2]).toBe(known[1]);
  });
});
