/** Uploads over real HTTP handling: a dataset, or nothing at all. */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import path from "node:path";
import { datasetPageSchema, datasetViewSchema, experimentPageSchema, problemSchema } from "@rightsize/contract";
import { RightsizeError, type Sha256, type Store } from "@rightsize/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { csv, postExperiment, startTestApi, type TestApi, type TestApiOptions, uploadTable } from "./support.ts";

let api: TestApi;
const start = async (options?: TestApiOptions) => {
  api = await startTestApi(options);
  return api;
};
afterEach(() => api.close());

const post = (payload: string | Buffer, query = "?name=small.csv", contentType = "text/csv") =>
  api.app.inject({ method: "POST", url: `/v1/datasets${query}`, payload, headers: { "content-type": contentType } });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("an upload", () => {
  it("becomes a dataset under its SHA-256; the same bytes again are the same dataset", async () => {
    await start();
    const first = await post(csv);
    expect(first.statusCode).toBe(201);
    const dataset = datasetViewSchema.parse(first.json());
    expect(dataset).toMatchObject({ id: sha256(csv), name: "small.csv", sizeBytes: csv.length, rowCount: 3, suggestedTarget: "y" });
    expect(first.headers.location).toBe(`/v1/datasets/${dataset.id}`);
    expect(first.body).not.toContain("columnsArtifact");

    const again = await post(csv, "?name=other.csv");
    expect(again.statusCode).toBe(200);
    expect(again.json()).toEqual(first.json());

    expect((await api.app.inject(`/v1/datasets/${dataset.id}`)).json()).toEqual(dataset);
    const list = datasetPageSchema.parse((await api.app.inject("/v1/datasets")).json());
    expect(list.items.map(({ id }) => id)).toEqual([dataset.id]);
    expect(await api.artifacts.has(sha256(csv) as Sha256)).toBe(true);
    expect(await readdir(path.join(api.folder, "uploads"))).toEqual([]);
  });

  it.each(["application/octet-stream", "application/x-www-form-urlencoded", "application/json", "text/plain; charset=utf-8", "made/up"])(
    "may have the content type %s",
    async (contentType) => {
      await start();
      expect((await post(csv, "?name=a.csv", contentType)).statusCode).toBe(201);
    },
  );

  it("may come in a form, with the file's name from there", async () => {
    await start();
    const url = await api.listen();
    const form = new FormData();
    form.set("comment", "cars");
    form.set("file", new Blob([csv], { type: "text/csv" }), "C:\\data\\cars.csv");
    const response = await fetch(`${url}/v1/datasets`, { method: "POST", body: form });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ id: sha256(csv), name: "cars.csv" });
  });

  it("gets an ending from its content type where its name has none", async () => {
    const names: string[] = [];
    await start({
      dataProcess: {
        readTable: async ({ name }) => {
          names.push(name);
          throw new RightsizeError("unreadable_data", "enough seen");
        },
      },
    });
    await post(csv, "?name=cars", "text/csv; charset=utf-8");
    await post(csv, "", "application/json");
    await post(csv, "?name=cars.tsv", "text/csv");
    expect(names).toEqual(["cars.csv", "dataset.json", "cars.tsv"]);
  });

  it.each([
    ["../../etc/passwd", "passwd"],
    ["a\u0007b\u202e.csv", "ab.csv"],
    ["..", "dataset"],
    ["  ", "dataset"],
    ["é".repeat(300), "é".repeat(200)],
  ])("called %j is named %j", async (given, name) => {
    await start();
    expect((await post(csv, `?name=${encodeURIComponent(given)}`)).json()).toMatchObject({ name });
  });

  it("again repairs a dataset whose files were lost", async () => {
    await start();
    const { id } = (await post(csv)).json<{ id: Sha256 }>();
    await api.artifacts.delete(id);
    const lost = (await api.files()).length;
    const again = await post(csv);
    expect([again.statusCode, again.json().id]).toEqual([200, id]);
    expect((await api.files()).length).toBe(lost + 1);
    expect(await api.artifacts.has(id)).toBe(true);
  });

  it("twice at once is still one dataset", async () => {
    await start();
    const answers = await Promise.all([post(csv), post(csv), post(csv)]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 201]);
    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1);
  });
});

describe("an upload that can't be used leaves nothing behind", () => {
  const nothingLeft = async () => {
    expect(await api.files()).toEqual([]);
    expect((await api.app.inject("/v1/datasets")).json()).toEqual({ items: [], cursor: null });
  };

  it("empty: 422", async () => {
    await start();
    const response = await post("");
    expect(response.statusCode).toBe(422);
    expect(problemSchema.parse(response.json())).toMatchObject({ code: "unreadable_data" });
    await nothingLeft();
  });

  it("unreadable: 422 with row and column as the reader says", async () => {
    const issues = [{ where: "row 7, column price", received: "abc", required: "a number" }];
    await start({
      dataProcess: {
        readTable: async () => {
          throw new RightsizeError("unreadable_data", "Row 7 has text in price.", { issues });
        },
      },
    });
    const response = await post(csv);
    expect(response.statusCode).toBe(422);
    expect(response.headers["content-type"]).toBe("application/problem+json");
    expect(problemSchema.parse(response.json())).toMatchObject({ detail: "Row 7 has text in price.", issues });
    await nothingLeft();
  });

  it("larger than allowed: 413, said before the bytes are sent where their length is declared", async () => {
    await start({ settings: { uploadLimitBytes: 100 } });
    const declared = await post("x".repeat(101));
    expect(declared.statusCode).toBe(413);
    const url = await api.listen();
    const form = new FormData();
    form.set("file", new Blob(["y".repeat(101)]), "large.csv");
    expect((await fetch(`${url}/v1/datasets`, { method: "POST", body: form })).status).toBe(413);
    const chunks = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("z".repeat(60))),
    });
    const streamed = await fetch(`${url}/v1/datasets`, { method: "POST", body: chunks, duplex: "half" } as RequestInit);
    expect(streamed.status).toBe(413);
    expect(await streamed.json()).toMatchObject({ code: "too_large", issues: [{ required: "at most 100 bytes (0 MB)" }] });
    await nothingLeft();
  });

  it("at the limit is allowed", async () => {
    await start({ settings: { uploadLimitBytes: csv.length } });
    expect((await post(csv)).statusCode).toBe(201);
  });

  it("broken off in the middle", async () => {
    await start();
    const url = new URL(await api.listen());
    await new Promise<void>((resolve) => {
      const request = httpRequest({
        host: url.hostname,
        port: url.port,
        path: "/v1/datasets",
        method: "POST",
        headers: { "content-length": "1000" },
      });
      request.on("error", () => resolve());
      request.write("a,b\n1,2\n");
      setTimeout(() => request.destroy(), 100);
    });
    await vi.waitFor(nothingLeft);
  });

  it("a form without a file, or with a name of a field only: 422", async () => {
    await start();
    const url = await api.listen();
    const form = new FormData();
    form.set("comment", "no file here");
    const response = await fetch(`${url}/v1/datasets`, { method: "POST", body: form });
    expect(response.status).toBe(422);
    await nothingLeft();
  });

  it("a form that isn't one: 4xx", async () => {
    await start();
    const response = await post("garbage", "", "multipart/form-data; boundary=x");
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
    problemSchema.parse(response.json());
    await nothingLeft();
  });

  it("not stored by the database: what was added is taken back, what was there before stays", async () => {
    const failing = (store: Store): Store => ({
      ...store,
      datasets: {
        ...store.datasets,
        find: (owner, id) => store.datasets.find(owner, id),
        list: (owner, page) => store.datasets.list(owner, page),
        put: async () => {
          throw new RightsizeError("unavailable", "The database is away.");
        },
      },
    });
    await start({ change: (deps) => ({ ...deps, store: failing(deps.store) }) });
    expect((await post(csv)).statusCode).toBe(503);
    await nothingLeft();

    const { id } = await api.artifacts.put(new TextEncoder().encode(csv));
    expect((await post(csv)).statusCode).toBe(503);
    expect(await api.files()).toEqual([id]);
  });
});

describe("datasets", () => {
  it("are listed newest first, page by page", async () => {
    await start();
    const ids: string[] = [];
    for (const row of [1, 2, 3]) ids.unshift(await uploadTable(api.app, `${csv}${row},1,x,1\n`));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const url: string = `/v1/datasets?limit=2${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page = datasetPageSchema.parse((await api.app.inject(url)).json());
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids);
  });

  it("tell which experiments use them, page by page", async () => {
    await start();
    const [used, unused] = [await uploadTable(api.app), await uploadTable(api.app, `${csv}9,1,x,1\n`)];
    const asked: string[] = [];
    for (const name of ["a", "b", "c"]) asked.unshift(await postExperiment(api.app, { name }));
    const first = experimentPageSchema.parse((await api.app.inject(`/v1/datasets/${used}/experiments?limit=2`)).json());
    expect(first.items.map(({ id, dataset }) => [id, dataset])).toEqual(asked.slice(0, 2).map((id) => [id, used]));
    const rest = (await api.app.inject(`/v1/datasets/${used}/experiments?cursor=${encodeURIComponent(first.cursor ?? "")}`)).json();
    expect(experimentPageSchema.parse(rest)).toMatchObject({ items: [{ id: asked[2] }], cursor: null });
    expect((await api.app.inject(`/v1/datasets/${unused}/experiments`)).json()).toEqual({ items: [], cursor: null });
    expect((await api.app.inject(`/v1/datasets/${"0".repeat(64)}/experiments`)).statusCode).toBe(404);
    expect((await api.app.inject(`/v1/datasets/${used}/experiments?cursor=nonsense`)).statusCode).toBe(400);
  });

  it.each([`/v1/datasets/${"0".repeat(64)}`, "/v1/datasets/abc", "/v1/datasets/%00"])("%s isn't there: 404", async (url) => {
    await start();
    const response = await api.app.inject(url);
    expect(response.statusCode).toBe(404);
    expect(problemSchema.parse(response.json()).code).toBe("not_found");
  });

  it("a cursor that isn't one of ours is refused", async () => {
    await start();
    const response = await api.app.inject("/v1/datasets?cursor=nonsense");
    expect(response.statusCode).toBe(400);
    problemSchema.parse(response.json());
  });
});
