/** The delivered model as one ONNX graph: it predicts what the service's own tensors and networks predict. */
import { rawColumnsOfCsv, rawColumnsOfRows } from "@rightsize/data";
import { describe, expect, it } from "vitest";
import { buildDeliveredModel, deliveredSchema, openDeliveredModel } from "../src/index.ts";
import { buildCase, deliveredCases, largestDifference } from "./delivered-cases.ts";

describe("the delivered model predicts what the service predicts", () => {
  it.each(deliveredCases)("$name", async (example) => {
    const { plan, members, csv, expected } = await buildCase(example);
    const schema = deliveredSchema(plan);
    const model = await openDeliveredModel(buildDeliveredModel(plan, members), schema);
    const { columns, rowCount } = rawColumnsOfCsv(schema.inputs, csv, 1000);
    expect(rowCount).toBe(plan.rowCount);
    const predictions = await model.predict(columns, rowCount);
    const actual = predictions.kind === "regression" ? predictions.values : predictions.probabilities;
    expect(actual).toHaveLength(expected.length);
    const difference = largestDifference(actual, expected);
    console.log(example.name, difference);
    expect(difference).toBeLessThan(1e-6);
    await model.release();
  });
});
