/** What an upload says besides its bytes: how CSV is written, images with labels; and rows shown back. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { datasetRowsSchema, problemSchema } from "@rightsize/contract";
import type { Sha256 } from "@rightsize/core";
import type { DeclaredDialect } from "@rightsize/data";
import { afterEach, describe, expect, it } from "vitest";
import { csv, startTestApi, type TestApi, uploadTable } from "./support.ts";

let api: TestApi;
afterEach(() => api.close());

const sha256 = (...parts: readonly string[]) => createHash("sha256").update(parts.join("")).digest("hex");
/** An API whose data process notes what it is asked to read. */
async function start() {
  const seen: { dialects: DeclaredDialect[]; pairs: [string, string][] } = { dialects: [], pairs: [] };
  api = await startTestApi({
    change: (deps) => ({
      ...deps,
      dataProcess: {
        ...deps.dataProcess,
        readTable: async (request) => {
          seen.dialects.push(request.dialect);
          return deps.dataProcess.readTable(request);
        },
        readIdxPair: async (request) => {
          seen.pairs.push([await readFile(request.imagesPath, "utf8"), await readFile(request.labelsPath, "utf8")]);
          return deps.dataProcess.readIdxPair(request);
        },
      },
    }),
  });
  return seen;
}
const post = (query: string, payload: string = csv) =>
  api.app.inject({ method: "POST", url: `/v1/datasets?${query}`, payload, headers: { "content-type": "text/csv" } });
async function postForm(entries: readonly (readonly [string, string | Blob, string?])[], query = "") {
  const form = new FormData();
  for (const [name, value, fileName] of entries) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, fileName);
  }
  return fetch(`${await api.listen()}/v1/datasets${query}`, { method: "POST", body: form });
}
const file = (content: string) => new Blob([content]);

describe("a declared dialect", () => {
  it("reaches the reader, and what isn't declared is left to be found out", async () => {
    const seen = await start();
    for (const query of ["header=false&delimiter=;&decimal=,&quote='", "delimiter=tab&decimal=.&header=true", "name=a.csv"]) {
      expect((await post(query)).statusCode, query).toBe(201);
    }
    expect(seen.dialects).toEqual([
      { header: false, delimiter: ";", decimalComma: true, quote: "'" },
      { header: true, delimiter: "\t", decimalComma: false },
      {},
    ]);
  });

  it("may come as fields of a form, before the file or after it, and holds over the address", async () => {
    const seen = await start();
    const answer = await postForm(
      [
        ["delimiter", ";"],
        ["file", file(csv), "cars.csv"],
        ["header", "false"],
        ["comment", "cars"],
      ],
      "?header=true&quote=%27",
    );
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ name: "cars.csv", sizeBytes: csv.length });
    expect(seen.dialects).toEqual([{ delimiter: ";", header: false, quote: "'" }]);
  });

  it("names another dataset than the same bytes without it; the same declaration names the same again", async () => {
    await start();
    const ids = [];
    for (const query of ["", "delimiter=;", "delimiter=semicolon", "delimiter=;&header=true"]) ids.push((await post(query)).json().id);
    expect(ids[0]).toBe(sha256(csv));
    expect(ids[1]).toBe(sha256(csv, '{"delimiter":";"}'));
    expect(ids[2]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(await api.artifacts.has(id as Sha256)).toBe(true);
  });

  it.each([
    ["delimiter=;;", "?delimiter"],
    ["delimiter=", "?delimiter"],
    ["quote=%0A", "?quote"],
    ["header=perhaps", "?header"],
    ["decimal=;", "?decimal"],
    ["delimiter=,&decimal=,", "?decimal"],
    ["delimiter=%27&quote=%27", "?quote"],
  ])("%s is refused, and nothing is left", async (query, where) => {
    await start();
    const answer = await post(query);
    expect(answer.statusCode, answer.body).toBe(422);
    expect(problemSchema.parse(answer.json()).issues[0]?.where).toBe(where);
    expect(await api.files()).toEqual([]);
  });

  it("that is wrong in a form is refused by its field", async () => {
    await start();
    const answer = await postForm([
      ["file", file(csv), "cars.csv"],
      ["header", "maybe"],
    ]);
    expect(answer.status).toBe(422);
    expect(problemSchema.parse(await answer.json()).issues[0]).toMatchObject({ where: "/header", received: '"maybe"' });
    expect(await api.files()).toEqual([]);
  });
});

describe("images and labels", () => {
  it("are one dataset, named by both contents in order", async () => {
    const seen = await start();
    const answer = await postForm([
      ["file", file("pixels"), "train-images"],
      ["file", file("classes"), "train-labels"],
    ]);
    expect(answer.status).toBe(201);
    const dataset = await answer.json();
    expect(dataset).toMatchObject({ id: sha256("pixels", "classes"), name: "train-images", format: "idx", sizeBytes: 13 });
    expect(seen.pairs).toEqual([["pixels", "classes"]]);
    expect(await api.artifacts.has(dataset.id)).toBe(true);
  });

  it("may come in any order where the fields say which is which", async () => {
    const seen = await start();
    const answer = await postForm([
      ["name", "digits"],
      ["labels", file("classes"), "l"],
      ["images", file("pixels"), "i"],
    ]);
    expect(await answer.json()).toMatchObject({ id: sha256("pixels", "classes"), name: "digits" });
    expect(seen.pairs).toEqual([["pixels", "classes"]]);
  });

  it.each<[string, [string, string | Blob, string?][], number]>([
    ["three files", [..."abc"].map((name) => [name, file(name), name]), 422],
    ["four files", [..."abcd"].map((name) => [name, file(name), name]), 422],
    [
      "an empty second file",
      [
        ["a", file("a"), "a"],
        ["b", file(""), "b"],
      ],
      422,
    ],
    [
      "a dialect",
      [
        ["a", file("a"), "a"],
        ["b", file("b"), "b"],
        ["delimiter", ";"],
      ],
      422,
    ],
  ])("%s: refused, and nothing is left", async (_, entries, status) => {
    await start();
    const answer = await postForm(entries);
    expect(answer.status).toBe(status);
    problemSchema.parse(await answer.json());
    expect(await api.files()).toEqual([]);
  });
});

describe("rows of a dataset", () => {
  it("come as text from where they are asked for", async () => {
    await start();
    const id = await uploadTable(api.app);
    const rows = async (query: string) => datasetRowsSchema.parse((await api.app.inject(`/v1/datasets/${id}/rows${query}`)).json());
    expect(await rows("")).toMatchObject({ dataset: id, offset: 0, rowCount: 3, columns: ["a", "kind"] });
    expect((await rows("?offset=1&limit=1")).rows).toEqual([[null, "y"]]);
  });

  it.each(["offset=-1", "limit=0", "limit=1001", "offset=x"])("%s is refused", async (query) => {
    await start();
    const id = await uploadTable(api.app);
    const answer = await api.app.inject(`/v1/datasets/${id}/rows?${query}`);
    expect(answer.statusCode).toBe(422);
    problemSchema.parse(answer.json());
  });

  it("of a dataset that isn't there: 404; of one whose files were lost: what to do", async () => {
    await start();
    expect((await api.app.inject(`/v1/datasets/${"0".repeat(64)}/rows`)).statusCode).toBe(404);
    const id = await uploadTable(api.app);
    for (const stored of await api.files()) await api.artifacts.delete(stored as Sha256);
    const lost = await api.app.inject(`/v1/datasets/${id}/rows`);
    expect(lost.json()).toMatchObject({ code: "artifact_missing", detail: expect.stringMatching(/upload it again/) });
  });
});
