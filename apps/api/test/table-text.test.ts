/** The course's table as text, to the letter. */
import type { ExperimentSnapshot, NextStep, Trial, TrialState } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { csvTable, markdownTable } from "../src/views/table-text.ts";

type Row = [layers: number, nodes: number, score: number | null, nextStep: NextStep | null, state?: TrialState, verdict?: string];

function snapshotOf(rows: readonly Row[], task: "regression" | "classification" = "regression"): ExperimentSnapshot {
  const trials = rows.map(
    ([hiddenLayers, nodesPerLayer, score, nextStep, state = "COMPLETED", verdict = null], index) =>
      ({ number: index + 1, capacity: { hiddenLayers, nodesPerLayer }, score, metrics: null, nextStep, state, verdict }) as Trial,
  );
  return { experiment: { spec: { task } }, decisions: [], trials, runs: [] } as unknown as ExperimentSnapshot;
}

const course: readonly Row[] = [
  [1, 100, 5.4, "INCREASE_CAPACITY"],
  [1, 250, 4.8, "INCREASE_CAPACITY"],
  [2, 250, 4.4, "INCREASE_CAPACITY"],
  [3, 250, 4.5, "DECREASE_CAPACITY"],
  [3, 200, 4.3, "DONE"],
];

describe("the table in Markdown", () => {
  it("is the course's table", () => {
    expect(markdownTable(snapshotOf(course))).toBe(`| Hidden layers | Nodes per layer | Mean squared error | Next step |
| ---: | ---: | ---: | --- |
| 1 | 100 | 5.4 | Increase capacity |
| 1 | 250 | 4.8 | Increase capacity |
| 2 | 250 | 4.4 | Increase capacity |
| 3 | 250 | 4.5 | Decrease capacity |
| 3 | 200 | 4.3 | Done |
`);
  });

  it("names the log loss where classes are predicted", () => {
    expect(markdownTable(snapshotOf([[1, 100, 0.25, null]], "classification"))).toContain("| Nodes per layer | Log loss |");
  });

  it("rounds to four digits, and to more where two different scores would look equal", () => {
    const scores = (rows: readonly Row[]) =>
      [...markdownTable(snapshotOf(rows)).matchAll(/\| \d+ \| \d+ \| (.*?) \|/g)].map((match) => match[1]);
    expect(scores([[1, 100, 0.123456, null]])).toEqual(["0.1235"]);
    expect(scores([[1, 100, 123456.7, null]])).toEqual(["123457"]);
    expect(scores([[1, 100, 0.0000123456, null]])).toEqual(["0.00001235"]);
    expect(
      scores([
        [1, 100, 0.1234561, "INCREASE_CAPACITY"],
        [1, 250, 0.1234562, null],
      ]),
    ).toEqual(["0.1234561", "0.1234562"]);
    expect(
      scores([
        [1, 100, 2, "INCREASE_CAPACITY"],
        [1, 250, 2, "DONE"],
      ]),
    ).toEqual(["2", "2"]);
  });

  it("says why a row has no score, and leaves a running row open", () => {
    const rows: readonly Row[] = [
      [1, 100, null, "INCREASE_CAPACITY"],
      [1, 250, null, null, "FAILED"],
      [2, 250, null, null, "RUNNING"],
      [2, 500, null, "DONE", "CANCELLED", "stopped"],
    ];
    expect(markdownTable(snapshotOf(rows)).split("\n").slice(2)).toEqual([
      "| 1 | 100 | diverged | Increase capacity |",
      "| 1 | 250 | failed |  |",
      "| 2 | 250 |  |  |",
      "| 2 | 500 | stopped by a limit | Done |",
      "",
    ]);
    expect(csvTable(snapshotOf(rows))).toContain("2,500,stopped by a limit,Done\n");
  });

  it("shows the score in the target's own unit, in the trials' order, without those that no decision asked for", () => {
    const snapshot = snapshotOf(course.slice(0, 2));
    const [first, second] = snapshot.trials as [Trial, Trial];
    const trials = [
      { ...second, metrics: { meanSquaredError: 12.5 } },
      { ...first, metrics: { meanSquaredError: 20 } },
      { ...second, number: null },
    ] as Trial[];
    expect(
      markdownTable({ ...snapshot, trials })
        .split("\n")
        .slice(2),
    ).toEqual(["| 1 | 100 | 20 | Increase capacity |", "| 1 | 250 | 12.5 | Increase capacity |", ""]);
  });
});

it("the table as CSV keeps every digit", () => {
  expect(csvTable(snapshotOf([...course.slice(0, 1), [1, 250, 0.12345678901, "DONE"]]))).toBe(
    "Hidden layers,Nodes per layer,Mean squared error,Next step\n1,100,5.4,Increase capacity\n1,250,0.12345678901,Done\n",
  );
});
