/** Two datasets as the API would describe them, for the pages. */
import type { DatasetView } from "@rightsize/contract";

type Column = DatasetView["columns"][number];
const bell = (bins: number, peak: number, height: number) =>
  Array.from({ length: bins }, (_, bin) => Math.round(height * Math.exp(-(((bin - peak) / (bins / 5)) ** 2))));

function numeric(name: string, minimum: number, maximum: number, mean: number, histogram: number[], more: Partial<Column> = {}): Column {
  return {
    name,
    type: "number",
    gapCount: 0,
    distinctCount: 47,
    minimum,
    maximum,
    mean,
    deviation: (maximum - minimum) / 5,
    histogram,
    examples: [],
    warnings: [],
    ...more,
  };
}
function flag(name: string, share: number): Column {
  return numeric(name, 0, 1, share, [Math.round(534 * (1 - share)), ...Array.from({ length: 18 }, () => 0), Math.round(534 * share)], {
    type: "integer",
    distinctCount: 2,
    deviation: Math.sqrt(share * (1 - share)),
  });
}

export const wages: DatasetView = {
  id: "3f".repeat(32),
  name: "hourly_wages.csv",
  format: "csv",
  sizeBytes: 14_873,
  rowCount: 534,
  columns: [
    numeric("wage_per_hour", 1, 44.5, 9.02, bell(20, 3, 120), { distinctCount: 238 }),
    flag("union", 0.18),
    numeric("education_yrs", 2, 18, 13.02, bell(17, 10, 190), { type: "integer", distinctCount: 17 }),
    numeric("experience_yrs", 0, 55, 17.8, bell(20, 4, 66), { type: "integer", distinctCount: 52, gapCount: 6 }),
    numeric("age", 18, 64, 36.8, bell(20, 6, 58), { type: "integer", warnings: ["nearly the sum of other columns"] }),
    flag("female", 0.46),
    flag("marr", 0.66),
    flag("south", 0.29),
    flag("manufacturing", 0.19),
    flag("construction", 0.04),
  ],
  warnings: [],
  suggestedTarget: "wage_per_hour",
  suggestedTask: "regression",
  createdAt: "2026-05-04T09:12:00.000Z",
};

export const titanic: DatasetView = {
  id: "7c".repeat(32),
  name: "titanic_all_numeric.csv",
  format: "csv",
  sizeBytes: 41_337,
  rowCount: 891,
  columns: [
    flag("survived", 0.38),
    numeric("pclass", 1, 3, 2.3, [216, 0, 184, 0, 491], { type: "integer", distinctCount: 3 }),
    numeric("age", 0.42, 80, 29.7, bell(20, 7, 120), { gapCount: 177 }),
    numeric("fare", 0, 512.3, 32.2, [732, 106, 31, 2, 11, 6, 0, 0, 0, 3]),
    {
      name: "name",
      type: "text",
      gapCount: 0,
      distinctCount: 891,
      minimum: null,
      maximum: null,
      mean: null,
      deviation: null,
      histogram: [],
      examples: ["Braund, Mr. Owen Harris", "Heikkinen, Miss. Laina"],
      warnings: ["identifier"],
    },
    {
      name: "embarked",
      type: "category",
      gapCount: 2,
      distinctCount: 3,
      minimum: null,
      maximum: null,
      mean: null,
      deviation: null,
      histogram: [],
      examples: ["S", "C", "Q"],
      warnings: [],
    },
  ],
  warnings: ["2 rows appear twice."],
  suggestedTarget: "survived",
  suggestedTask: "classification",
  createdAt: "2026-05-03T16:40:00.000Z",
};

/** Images of digits as a table: a column a pixel. */
export const digits: DatasetView = {
  id: "d1".repeat(32),
  name: "digits-images.gz",
  format: "idx",
  sizeBytes: 1_648_877,
  rowCount: 1000,
  columns: [
    ...Array.from({ length: 28 * 28 }, (_, pixel) => numeric(`p${pixel}`, 0, 255, 33, [])),
    numeric("label", 0, 9, 4.4, bell(10, 5, 110), { type: "integer", distinctCount: 10 }),
  ],
  warnings: [],
  suggestedTarget: "label",
  suggestedTask: "classification",
  createdAt: "2026-05-06T09:12:00.000Z",
};
