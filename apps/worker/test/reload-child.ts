/** A process that knows a bundle and some CSV only: prints the predictions as JSON. Arguments: the bundle's and the CSV file's path. */
import { readFileSync } from "node:fs";
import { rawColumnsOfCsv } from "@rightsize/data";
import { openBundledModel } from "@rightsize/engine";

const [bundle = "", csv = ""] = process.argv.slice(2);
const model = await openBundledModel(readFileSync(bundle));
const { columns, rowCount } = rawColumnsOfCsv(model.schema.inputs, readFileSync(csv, "utf8"), 10_000);
const answer = await model.predict(columns, rowCount);
process.stdout.write(JSON.stringify(Array.from(answer.kind === "regression" ? answer.values : answer.probabilities)));
