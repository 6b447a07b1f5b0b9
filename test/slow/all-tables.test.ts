/**
 * Every table of ../shared/data loads and trains through the real service to DONE (skipped where it isn't there): `npm run test:tables`.
 * Two trials and a short recipe: what is tested is the way of the data, not the answer's quality.
 *
 * Last run: 2026-11-22, onnx on two shared cores: all 17 tables to DONE and better than the mean predictor on the test split, in 28 s (54 s under load:
 * letter 8.5 s, mnist10k 6.2 s, adult 4.3 s, the others below 4 s). 8 of the 17 plans warned of rows on both sides of the split, the most
 * in wine_white (265 of 1,175 validation rows) and letter (364 of 4,800).
 */
import { existsSync, readFileSync } from "node:fs";
import type { DatasetView } from "@rightsize/contract";
import type { Task } from "@rightsize/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, apiAt } from "../support/api.ts";
import { startService, type TestService } from "../support/service.ts";
import { sharedFile } from "../support/shared.ts";

/** A table as ../shared/data/datasets.json describes it. */
interface SharedTable {
  readonly name: string;
  readonly task: Task;
  /** One CSV file; or images and labels. */
  readonly file: string | readonly [string, string];
  readonly target: string;
  readonly rows: number;
  /** With the target. */
  readonly columns: number;
  /** Columns that aren't to be used. */
  readonly drop: readonly string[];
  readonly classes: number | null;
}

const folder = sharedFile("data");
const missing = !existsSync(folder);
const tables = missing ? [] : (JSON.parse(readFileSync(`${folder}/datasets.json`, "utf8")) as SharedTable[]);

/** Uploads a table as a person would: the file as the body, or a form with images and labels. */
async function upload(api: Api, { name, file }: SharedTable): Promise<DatasetView> {
  if (typeof file === "string") return api.upload(`${name}.csv`, readFileSync(`${folder}/${name}/${file}`));
  const form = new FormData();
  form.set("name", name);
  form.set("images", new Blob([readFileSync(`${folder}/${name}/${file[0]}`)]), file[0]);
  form.set("labels", new Blob([readFileSync(`${folder}/${name}/${file[1]}`)]), file[1]);
  return (await (await api.raw("/v1/datasets", { method: "POST", body: form })).json()) as DatasetView;
}

describe.skipIf(missing)(`every shared table${missing ? " (skipped: ../shared/data is not here)" : ""}`, () => {
  let service: TestService;
  let api: Api;
  beforeAll(async () => {
    service = await startService({ engines: ["onnx"], slots: 2, queue: "postgres" });
    api = apiAt(service.url);
  });
  afterAll(() => service?.close());

  test("there are as many as the list says", () => {
    expect(tables).toHaveLength(17);
  });

  test.each(tables)("$name", async (table) => {
    const dataset = await upload(api, table);
    expect(dataset).toMatchObject({ rowCount: table.rows });
    expect(dataset.columns).toHaveLength(table.columns);
    const { rows } = (await (await api.raw(`/v1/datasets/${dataset.id}/rows?offset=${table.rows - 1}&limit=5`)).json()) as { rows: [] };
    expect(rows).toHaveLength(1);

    // The labels of an image set are its last column.
    const target = typeof table.file === "string" ? table.target : "label";
    const { id } = await api.post({
      dataset: dataset.id,
      target,
      task: table.task,
      features: { exclude: [...table.drop] },
      split: { kind: "random", stratify: table.task === "classification" },
      search: { preset: "course" },
      recipe: { maxEpochs: 4, patience: 4, learningRate: { kind: "fixed", value: 0.003 } },
      limits: { maxTrials: 2 },
    });
    const ended = await api.ended(id, 800_000);
    expect(ended.stateReason).toBeNull();
    expect(ended.state).toBe("SUCCEEDED");
    expect(ended.plan).toMatchObject({ outputs: table.classes ?? 1 });
    expect(ended.plan.warnings.filter((warning) => warning.startsWith("leak:"))).toEqual([]);
    const { trials } = await api.trials(id);
    expect(trials.length).toBeGreaterThanOrEqual(1);
    expect(trials.length).toBeLessThanOrEqual(2);
    expect(trials.at(-1)?.nextStep).toBe("DONE");
    expect(ended.answer?.beatsMean).toBe(true);
    const mean = ended.answer?.baselines.find((baseline) => baseline.name === "mean");
    expect(ended.answer?.test?.loss).toBeLessThan(mean?.test?.loss ?? 0);
    console.log(
      `${table.name}: ${ended.plan.inputs} inputs, ${ended.plan.trainingRows} training rows, test loss ${ended.answer?.test?.loss.toFixed(3)} ` +
        `(mean predictor ${mean?.test?.loss.toFixed(3)})${ended.plan.warnings.map((warning) => `; ${warning}`).join("")}`,
    );
  });
});
