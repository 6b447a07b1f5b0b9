/** The programs beside a download: what they are asked to predict when only a dataset's profile is at hand. */
import type { ColumnProfile, ColumnType } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { modelSnippets, profiledRow } from "../src/index.ts";

const column = (name: string, type: ColumnType, known: Partial<ColumnProfile> = {}): ColumnProfile => ({
  name,
  type,
  gapCount: 0,
  distinctCount: 2,
  minimum: null,
  maximum: null,
  mean: null,
  deviation: null,
  histogram: [],
  examples: [],
  warnings: [],
  ...known,
});

const columns = [
  column("weight", "number", { mean: 2_977.584_183 }),
  column("cylinders", "integer", { mean: 5.471 }),
  column("built", "date", { maximum: 315_532_800_000 }),
  column("imported", "boolean", { examples: ["false"] }),
  column("maker", "category", { examples: ["Citroën", "ford"] }),
];

describe("an example row from a profile", () => {
  it("holds the features alone, as the model takes them", () => {
    expect(profiledRow(columns, ["weight", "cylinders", "built", "imported", "maker"])).toEqual({
      weight: 2978,
      cylinders: 5,
      built: 315_532_800_000,
      imported: true,
      maker: "Citroën",
    });
    expect(Object.keys(profiledRow(columns, ["maker"]))).toEqual(["maker"]);
  });

  it("leaves a gap where the profile knows nothing, and stops at a page's worth of columns", () => {
    expect(profiledRow([column("empty", "number")], ["empty", "missing"])).toEqual({ empty: null, missing: null });
    const many = Array.from({ length: 784 }, (_, pixel) => `pixel${pixel}`);
    expect(Object.keys(profiledRow([], many))).toHaveLength(20);
  });
});

describe("the programs", () => {
  it("hold the row in ASCII and say what comes out", () => {
    const [python, typeScript] = modelSnippets({ target: "price\nin $", task: "regression", exampleRow: { maker: "Citroën" } });
    for (const { code } of [python, typeScript]) {
      expect(code).not.toMatch(/[^\n\x20-\x7e]/);
      expect(code).toContain("\\\\u00eb");
    }
    expect(python.code.split("\n").at(-1)).toBe("# prediction: price in $");
    expect(typeScript.code.split("\n").at(-1)).toBe("// prediction: price in $");
    const [classes] = modelSnippets({ target: "kind", task: "classification", exampleRow: {}, outputs: ["probabilities_", "label"] });
    expect(classes.code.split("\n").at(-1)).toBe("# probabilities_ of the classes, and the label");
  });
});
