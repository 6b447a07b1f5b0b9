/** GET /v1/experiments/:id/report: the whole experiment as one page that needs nothing else and that no name in it can break. */
import { type Evaluation, evaluationFormat, experimentPageSchema, experimentRequestSchema } from "@rightsize/contract";
import type { Answer, ExperimentSnapshot, Sha256 } from "@rightsize/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pictureAddress } from "../src/report/picture.ts";
import { course, playToTheEnd } from "./play.ts";
import { column, startTestApi, type TestApi } from "./support.ts";

/** Names as somebody who means harm would choose them. */
const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp; | **b** [l](javascript:alert(3)) \`x\``;

let api: TestApi;
let id: string;
let more: Partial<Answer> = {};
const get = (query = "", headers: Record<string, string> = {}, experiment = id) =>
  api.app.inject({ url: `/v1/experiments/${experiment}/report${query}`, headers });

async function ask(name: string, request: object = {}): Promise<string> {
  const csv = `a,y\n1,2\n`;
  const query = `?name=${encodeURIComponent(evil.replaceAll("/", ""))}`;
  const headers = { "content-type": "text/csv" };
  const dataset = (await api.app.inject({ method: "POST", url: `/v1/datasets${query}`, payload: csv, headers })).json<{ id: string }>().id;
  const payload = { ...course, dataset, target: evil, task: "regression", name, ...request };
  const response = await api.app.inject({ method: "POST", url: "/v1/experiments", payload });
  if (response.statusCode !== 201) throw new Error(response.body);
  return response.json<{ id: string }>().id;
}

beforeAll(async () => {
  api = await startTestApi({
    dataProcess: {
      readTable: async ({ outputPath }) => {
        await (await import("node:fs/promises")).writeFile(outputPath, "columns");
        const kind = { ...column(evil, "category"), examples: [evil], warnings: [evil] };
        const rest = { format: "csv", rowCount: 3, warnings: [evil], suggestedTarget: null, suggestedTask: null } as const;
        return { ...rest, columns: [column("a", "number"), kind, column(`${evil}y`, "number"), column(evil, "number")] };
      },
    },
    change: (deps) => {
      const snapshot = async (experimentId: never): Promise<ExperimentSnapshot | null> => {
        const found = await deps.store.experiments.snapshot(experimentId);
        if (found?.experiment.answer == null) return found;
        return { ...found, experiment: { ...found.experiment, answer: { ...found.experiment.answer, ...more } } };
      };
      return { ...deps, store: { ...deps.store, experiments: { ...deps.store.experiments, snapshot } } };
    },
  });
  id = await ask(evil);
  await playToTheEnd(api, id);
});
afterAll(() => api.close());

async function withEvaluation(evaluation: Evaluation): Promise<void> {
  const stored = await api.artifacts.put(new TextEncoder().encode(JSON.stringify(evaluation)));
  more = { modelArtifact: "1".repeat(64) as Sha256, evaluationArtifact: stored.id };
}

const about = {
  format: evaluationFormat,
  ...{ target: evil, metrics: { meanSquaredError: 0.25, accuracy: 0.5 }, members: [] },
  rows: { part: "validation", evaluated: 2, validation: 2, sentence: `Two rows. ${evil}` },
} as const;
const pair = { row: 2, actual: 8, predicted: 7.5 };
const regression: Evaluation = {
  ...about,
  ...{ task: "regression", notFinite: 0, pairs: [pair, { ...pair, actual: 1 }], worst: [pair] },
  residuals: { mean: -0.5, deviation: 0, quantiles: [{ share: 0, value: -0.5 }], histogram: { from: -0.5, to: -0.5, counts: [1] } },
};
const classification: Evaluation = {
  ...about,
  ...{ task: "classification", classes: [evil, "no"], image: { height: 1, width: 2, channels: 1 } },
  confusion: [
    [1, 1],
    [0, 0],
  ],
  perClass: [{ name: evil, actual: 2, predicted: 1, hits: 1, precision: 1, recall: 0.5, f1: 0.6 }],
  calibration: { bins: [{ from: 0, to: 1, rows: 2, meanProbability: 0.5, shareRight: 0.5 }], expectedError: 0 },
  mistakes: {
    total: 1,
    worst: [
      {
        row: 1,
        actual: evil,
        predicted: "no",
        probability: 0.9,
        probabilityOfActual: 0.1,
        pixels: Buffer.from([0, 255]).toString("base64"),
      },
    ],
  },
};

const known = new Set(
  "html head meta title style body main header h1 h2 h3 p strong div table thead tbody tr th td br span figure figcaption svg line text path circle rect ul ol li dl dt dd code pre img".split(
    " ",
  ),
);
/** What a browser would read as elements; `>` never stands in a value, so this needs no parser. */
const elementsOf = (page: string) =>
  [...page.matchAll(/<\/?([a-zA-Z][\w-]*)([^>]*)>/g)].map(([, name = "", attributes = ""]) => ({ name: name.toLowerCase(), attributes }));

/** Nothing runs, nothing is loaded, every element is one of ours. */
function expectHarmless(page: string): void {
  for (const { name, attributes } of elementsOf(page)) {
    expect(known, `<${name}${attributes}>`).toContain(name);
    for (const [, attribute = "", value = ""] of attributes.matchAll(/([\w-]+)="([^"]*)"/g)) {
      expect(attribute, attributes).not.toMatch(/^on|^href$|^action$|^srcset$/i);
      if (attribute === "src") expect(value).toMatch(/^data:image\/png;base64,[\w+/=]+$/);
    }
    expect(
      attributes
        .replaceAll(/ [\w-]+="[^"]*"/g, "")
        .replace("/", "")
        .trim(),
      "attributes are quoted",
    ).toBe("");
  }
  expect(page).not.toMatch(/@import|url\(|https?:\/\/(?!127\.0\.0\.1)/);
}

describe("the report as HTML", () => {
  it.each([
    ["regression", regression],
    ["classification", classification],
  ])("of a %s whose every name is markup: shown, never run, nothing loaded", async (_name, evaluation) => {
    await withEvaluation(evaluation);
    const response = await get();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ "content-type": "text/html; charset=utf-8", vary: "accept" });
    expect(response.headers["content-security-policy"]).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expectHarmless(response.body);
    const escapes = response.body.split("&#60;script&#62;alert(1)").length - 1;
    expect(escapes, "name, target, file, columns, classes, request").toBeGreaterThan(10);
  });

  it("has the course's table, the reasons, the plots, the hashes and the request to ask again", async () => {
    await withEvaluation(regression);
    const { body } = await get();
    const cells = [...body.matchAll(/<tr class="(?:trial|winner)">(.*?)<\/tr>/g)].map(([, row = ""]) =>
      [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = ""]) => cell.replaceAll(/<[^>]*>/g, "")),
    );
    expect(cells.slice(0, 5).map((row) => row.slice(0, 4))).toEqual([
      ["1", "100", "5.4", "Increase capacity"],
      ["1", "250", "4.8", "Increase capacity"],
      ["2", "250", "4.4", "Increase capacity"],
      ["3", "250", "4.5", "Decrease capacity"],
      ["3", "200", "4.3", "Done"],
    ]);
    expect(body.match(/<svg /g)?.length).toBeGreaterThan(7);
    expect(body).toContain("Learning curve of Trial 5");
    const snapshot = await api.store.experiments.snapshot(id as never);
    for (const { hash } of snapshot?.decisions ?? []) expect(body).toContain(hash.slice(0, 12));
    expect(body).toContain(snapshot?.experiment.spec.dataset);
    const request = body.split("<h3>request.json</h3><pre>")[1]?.split("</pre>")[0] ?? "";
    const asked = JSON.parse(request.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))));
    expect(experimentRequestSchema.parse(asked)).toMatchObject({ name: evil, target: evil, search: { preset: "course" } });
  });

  it("counts rows from 1, as the page does, where the API counts from 0", async () => {
    await withEvaluation(regression);
    expect((await get()).body).toContain('<td class="n">3</td><td class="n">8</td><td class="n">7.5</td>');
    expect((await get("?format=markdown")).body).toContain("| 3 | 8 | 7.5 |");
  });

  it("is there before the end, and tells why it has no predictions", async () => {
    more = {};
    const waiting = await ask("not begun");
    const response = await get("", {}, waiting);
    expect(response.statusCode).toBe(200);
    expectHarmless(response.body);
    expect(response.body).toContain("The experiment has not ended yet.");
    expect((await get()).body).toContain("has no model to evaluate");
    more = { modelArtifact: "1".repeat(64) as Sha256, evaluationArtifact: "0".repeat(64) as Sha256 };
    expect((await get()).body).toContain("are gone from this service");
  });
});

describe("the report as Markdown", () => {
  it("is chosen by Accept or by the address, and holds no markup of anybody's", async () => {
    await withEvaluation(classification);
    const response = await get("", { accept: "text/markdown" });
    expect(response.headers["content-type"]).toBe("text/markdown; charset=utf-8");
    expect((await get("?format=markdown", { accept: "text/html" })).body).toBe(response.body);
    const [text = ""] = response.body.split("## To do it again");
    expect(text).toContain("| 3 | 200 | 4.3 | Done |");
    expect(text).not.toMatch(/<script|<img|[^\\]\]\(javascript/);
    // The request stands in a block of code, where nothing is markup.
    for (const line of response.body.split("## To do it again")[1]?.trimEnd().split("\n") ?? []) {
      expect(line === "" || line === "request.json:" || line.startsWith("    "), line).toBe(true);
    }
  });
});

it("says of a search that a limit ended that its answer is the best so far, and so does the list", async () => {
  const limited = await ask("limited", { limits: { maxTrials: 2 } });
  await playToTheEnd(api, limited);
  const words = "The best size so far, when the limit was reached: 1×250.";
  expect((await get("", {}, limited)).body).toContain(`<strong>${words}</strong>`);
  expect((await get("?format=markdown", {}, limited)).body).toContain(`> **${words}**`);
  expect((await get()).body).toContain("<strong>The right size: 3×200.</strong>");
  const { items } = experimentPageSchema.parse((await api.app.inject("/v1/experiments")).json());
  expect(new Map(items.map((item) => [item.id, item.answer?.verdict])).get(limited)).toBe("limit");
});

it("refuses other formats, and finds nothing of an experiment that isn't there", async () => {
  expect((await get("?format=pdf")).json()).toMatchObject({ status: 422 });
  expect((await get("", {}, "exp_none")).json()).toMatchObject({ status: 404 });
});

it("a picture is a PNG file: signature, sizes, and a stream with a filter byte a row", () => {
  const shape = { height: 2, width: 3, channels: 1 };
  const file = Buffer.from(pictureAddress(Uint8Array.from([0, 1, 2, 3, 4, 255]), shape).split(",")[1] ?? "", "base64");
  expect(file.subarray(0, 8).toString("latin1")).toBe("\u0089PNG\r\n\u001a\n");
  expect([file.readUInt32BE(16), file.readUInt32BE(20), file[24], file[25]]).toEqual([3, 2, 8, 0]);
  expect(file.subarray(-8, -4).toString("latin1")).toBe("IEND");
});
