/**
 * From a table to a model: upload, ask, wait, look at the trial table, save the model, predict.
 *
 *     npx tsx packages/client/examples/find-the-right-size.ts http://127.0.0.1:7421 cars.json Miles_per_Gallon
 */
import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { createClient } from "@rightsize/client";

const [url = "http://127.0.0.1:7421", file = "cars.json", target = "Miles_per_Gallon"] = process.argv.slice(2);
const client = createClient({ url });

const dataset = await client.uploadDataset({ name: basename(file), bytes: await openAsBlob(file) });
console.log(`${dataset.name}: ${dataset.rowCount} rows, ${dataset.columns.length} columns`);

const question = { dataset: dataset.id, target, search: { preset: "course" } };
const { id } = await client.createExperiment(question);

const experiment = await client.waitUntilEnded(id, {
  onMessages: (messages) => {
    for (const message of messages) if (message.kind === "event") console.log(message.event.kind);
  },
});
if (experiment.state !== "SUCCEEDED") throw new Error(`${experiment.state}: ${experiment.stateReason}`);

console.log(await client.trialsText(id, "markdown"));
console.log(experiment.answer?.sentence);

const { bytes } = await client.model(id);
await writeFile("model.zip", new Uint8Array(await new Response(bytes).arrayBuffer()));

// Rows as they were uploaded; a column that a row doesn't name is a gap.
const { columns, rows } = await client.datasetRows(dataset.id, { limit: 3 });
const first = rows.map((cells) => Object.fromEntries(columns.map((column, place) => [column, cells[place]])));
const { predictions } = await client.predictions(id, { rows: first });
console.log(`${target} of the first rows:`, predictions);
