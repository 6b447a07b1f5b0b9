/** The rest of the service's face: health, metrics, documentation, artifacts, the dashboard's files, and the walls around them. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { problemSchema, readinessSchema, workerListSchema } from "@rightsize/contract";
import { type Experiment, type ExperimentId, RightsizeError, type Sha256, type WorkerId } from "@rightsize/core";
import { afterEach, describe, expect, it } from "vitest";
import { postExperiment, startTestApi, type TestApi, type TestApiOptions } from "./support.ts";

let api: TestApi;
const exampleExperiment = { spec: { search: { preset: "course" } } } as Experiment;
const start = async (options?: TestApiOptions) => {
  api = await startTestApi(options);
};
afterEach(() => api.close());

describe("health", () => {
  it("is live and ready, and says that no worker is there", async () => {
    await start();
    expect((await api.app.inject("/health/live")).json()).toEqual({ live: true });
    const ready = readinessSchema.parse((await api.app.inject("/health/ready")).json());
    expect(ready.ready).toBe(true);
    expect(ready.checks.map(({ name, ok }) => [name, ok])).toEqual([
      ["database", true],
      ["queue", true],
      ["workers", true],
      ["searches", true],
    ]);
    expect(ready.checks[2]?.detail).toMatch(/none is live/);
  });

  it("says that an experiment waits for a service that knows its policy", async () => {
    await start({
      change: (deps) => ({
        ...deps,
        store: {
          ...deps.store,
          experiments: {
            ...deps.store.experiments,
            idle: async () => ["exp_1" as ExperimentId],
            find: async () => ({ ...exampleExperiment, policyVersion: "course/99" }),
          },
        },
      }),
    });
    const ready = readinessSchema.parse((await api.app.inject("/health/ready")).json());
    expect(ready.checks.at(-1)).toEqual({
      name: "searches",
      ok: true,
      detail: "1 experiments wait for a service that knows their policy: course/99",
    });
  });

  it("says what is wrong, and nothing of what a driver said", async () => {
    await start({
      change: (deps) => ({
        ...deps,
        store: {
          ...deps.store,
          check: async () => {
            throw new Error("password authentication failed for user admin at 10.0.0.5");
          },
        },
        queue: deps.queue && {
          ...deps.queue,
          check: async () => {
            throw new RightsizeError("unavailable", "Redis can't be reached.");
          },
        },
      }),
    });
    const response = await api.app.inject("/health/ready");
    expect(response.statusCode).toBe(503);
    expect(response.headers["retry-after"]).toBe("2");
    expect(response.body).not.toMatch(/admin|10\.0\.0\.5/);
    expect(problemSchema.parse(response.json()).issues).toMatchObject([
      { where: "database", received: expect.stringMatching(/can't be used/) },
      { where: "queue", received: "Redis can't be reached." },
    ]);
  });
});

it("lists workers", async () => {
  await start();
  await api.store.workers.announce({
    id: "wrk_1" as WorkerId,
    machine: "lab-3",
    processId: 7,
    slots: 2,
    engines: ["onnx"],
    fingerprint: "onnx/1",
    device: "cpu",
    memoryBytes: 2 ** 33,
  });
  const { workers } = workerListSchema.parse((await api.app.inject("/v1/workers")).json());
  expect(workers).toMatchObject([{ id: "wrk_1", machine: "lab-3", live: true, running: [] }]);
});

it("shows its numbers to Prometheus", async () => {
  await start();
  await postExperiment(api.app);
  await api.app.inject("/v1/experiments/exp_unknown");
  const response = await api.app.inject("/metrics");
  expect(response.headers["content-type"]).toMatch(/^text\/plain/);
  expect(response.body).toMatch(/^rightsize_queue_jobs\{state="waiting"\} 0$/m);
  expect(response.body).toMatch(/^rightsize_stale_writes 0$/m);
  expect(response.body).toMatch(/^rightsize_runs\{state="QUEUED"\} [1-9]\d*$/m);
  expect(response.body).toMatch(/^rightsize_epochs_per_second 0$/m);
  expect(response.body).toMatch(/^rightsize_event_lag_seconds_count 0$/m);
  expect(response.body).toMatch(/^rightsize_http_request_seconds_count\{method="GET",route="\/v1\/experiments\/:id",status="404"\} 1$/m);
  expect(response.body).not.toContain("exp_unknown");
});

describe("the documentation", () => {
  it("describes every route of /v1 with its answers", async () => {
    await start();
    const document = (await api.app.inject("/openapi.json")).json<{ openapi: string; paths: Record<string, Record<string, Operation>> }>();
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths).sort()).toEqual([
      "/health/live",
      "/health/ready",
      "/v1/artifacts/{sha256}",
      "/v1/datasets",
      "/v1/datasets/{id}",
      "/v1/datasets/{id}/experiments",
      "/v1/datasets/{id}/rows",
      "/v1/events",
      "/v1/experiments",
      "/v1/experiments/{id}",
      "/v1/experiments/{id}/attempts",
      "/v1/experiments/{id}/cancel",
      "/v1/experiments/{id}/decisions",
      "/v1/experiments/{id}/evaluation",
      "/v1/experiments/{id}/events",
      "/v1/experiments/{id}/learning-curve",
      "/v1/experiments/{id}/log",
      "/v1/experiments/{id}/model",
      "/v1/experiments/{id}/pause",
      "/v1/experiments/{id}/predict",
      "/v1/experiments/{id}/replay",
      "/v1/experiments/{id}/report",
      "/v1/experiments/{id}/resume",
      "/v1/experiments/{id}/trials",
      "/v1/keys",
      "/v1/keys/{id}",
      "/v1/trials/{id}",
      "/v1/trials/{id}/epochs",
      "/v1/workers",
    ]);
    for (const methods of Object.values(document.paths)) {
      for (const operation of Object.values(methods)) {
        expect(operation.summary).toBeTruthy();
        expect(Object.keys(operation.responses["4XX"]?.content ?? {})).toEqual(["application/problem+json"]);
      }
    }
    expect(document.paths["/v1/datasets"]?.post?.requestBody?.content).toHaveProperty("multipart/form-data");
  });

  it("can be read in a browser, without anything from elsewhere", async () => {
    await start();
    const page = await api.app.inject("/docs/");
    expect(page.statusCode).toBe(200);
    expect(page.headers["content-security-policy"]).not.toMatch(/https:|upgrade-insecure-requests/);
    expect((await api.app.inject("/docs/static/swagger-ui.css")).statusCode).toBe(200);
  });
});
interface Operation {
  readonly summary?: string;
  readonly requestBody?: { readonly content: object };
  readonly responses: Record<string, { readonly content?: object }>;
}

describe("artifacts", () => {
  const bytes = Buffer.from("weights and biases");
  const sha256 = createHash("sha256").update(bytes).digest("hex") as Sha256;
  const put = (payload: Buffer, id: string = sha256) =>
    api.app.inject({ method: "PUT", url: `/v1/artifacts/${id}`, payload, headers: { "content-type": "application/octet-stream" } });

  it("are stored under their hash and read back, with their size before their bytes", async () => {
    await start();
    const url = await api.listen();
    const stored = await put(bytes);
    expect([stored.statusCode, stored.json()]).toEqual([201, { id: sha256, sizeBytes: bytes.length }]);
    expect((await put(bytes)).statusCode).toBe(200);
    const head = await fetch(`${url}/v1/artifacts/${sha256}`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, String(bytes.length), ""]);
    const read = await fetch(`${url}/v1/artifacts/${sha256}`);
    expect(read.headers.get("cache-control")).toContain("immutable");
    expect(Buffer.from(await read.arrayBuffer())).toEqual(bytes);
  });

  it("whose bytes aren't what the path says are refused and not kept", async () => {
    await start();
    const response = await put(Buffer.from("something else"));
    expect(response.statusCode).toBe(422);
    problemSchema.parse(response.json());
    expect(await api.files()).toEqual([]);
  });

  it("that are too large are refused and not kept", async () => {
    await start({ settings: { uploadLimitBytes: 10 } });
    expect((await put(bytes)).statusCode).toBe(413);
    expect(await api.files()).toEqual([]);
  });

  it.each(["GET", "HEAD"] as const)("%s of one that isn't there, or can't be, is a 404", async (method) => {
    await start();
    for (const id of [sha256, "x", "..%2f..%2fetc%2fpasswd"]) {
      expect((await api.app.inject({ method, url: `/v1/artifacts/${id}` })).statusCode).toBe(404);
    }
  });
});

describe("the dashboard", () => {
  const withDashboard = async () => {
    await start();
    const folder = path.join(api.folder, "dashboard");
    await mkdir(path.join(folder, "assets"), { recursive: true });
    await writeFile(path.join(folder, "index.html"), "<!doctype html><title>Rightsize</title>");
    await writeFile(path.join(folder, "assets", "index-abc123.js"), "export {};");
    await writeFile(path.join(api.folder, "secret.txt"), "secret");
    await api.close();
    await mkdir(path.join(folder, "assets"), { recursive: true });
    await writeFile(path.join(folder, "index.html"), "<!doctype html><title>Rightsize</title>");
    await writeFile(path.join(folder, "assets", "index-abc123.js"), "export {};");
    await writeFile(path.join(folder, "assets", "index-abc123.js.gz"), gzipSync("export {};"));
    await start({ settings: { dashboardFolder: folder } });
  };
  const page = (url: string) => api.app.inject({ url, headers: { accept: "text/html,*/*" } });

  it("is served with its page for every address of it", async () => {
    await withDashboard();
    for (const url of ["/", "/experiments/exp_1", "/experiments/exp_1?tab=runs"]) {
      const response = await page(url);
      expect([response.statusCode, response.body]).toEqual([200, "<!doctype html><title>Rightsize</title>"]);
      expect(response.headers["cache-control"]).toBe("no-cache");
      expect(response.headers["content-security-policy"]).toContain("default-src 'self'");
      expect(response.headers["content-security-policy"]).not.toContain("upgrade-insecure-requests");
      expect(response.headers["strict-transport-security"]).toBeUndefined();
    }
    const bundle = await page("/assets/index-abc123.js");
    expect(bundle.statusCode).toBe(200);
    expect(bundle.headers["cache-control"]).toContain("immutable");
    expect(bundle.headers["content-encoding"]).toBeUndefined();
    const small = await api.app.inject({ url: "/assets/index-abc123.js", headers: { "accept-encoding": "gzip" } });
    expect(small.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": bundle.headers["content-type"],
      vary: "accept-encoding",
    });
    expect(small.headers["cache-control"]).toContain("immutable");
    expect(gunzipSync(small.rawPayload).toString()).toBe("export {};");
  });

  it("doesn't hide what isn't there", async () => {
    await withDashboard();
    for (const url of ["/v1/nothing", "/assets/gone.js", "/health/nothing", "/..%2fsecret.txt", "/%2e%2e/secret.txt"]) {
      const response = await page(url);
      expect(response.statusCode, url).toBe(404);
      problemSchema.parse(response.json());
    }
    expect((await api.app.inject({ method: "POST", url: "/experiments", headers: { accept: "text/html" } })).statusCode).toBe(404);
  });

  it("that isn't built leads to the documentation", async () => {
    await start({ settings: { dashboardFolder: "/nowhere" } });
    expect((await page("/")).headers.location).toBe("/docs");
  });
});

describe("the walls", () => {
  it.each(["rightsize.example", "evil.example:7421", "169.254.169.254", "[fe80::1]:7421"])(
    "a request for the host %s is refused",
    async (host) => {
      await start();
      const response = await api.app.inject({ url: "/v1/experiments", headers: { host } });
      expect(response.statusCode).toBe(403);
      problemSchema.parse(response.json());
    },
  );

  it.each(["localhost:7421", "127.0.0.1:7421", "[::1]:7421", "LOCALHOST"])("a request for the host %s is answered", async (host) => {
    await start();
    expect((await api.app.inject({ url: "/v1/experiments", headers: { host } })).statusCode).toBe(200);
  });

  it("another site's page may change nothing; the own page and programs may", async () => {
    await start();
    const id = await postExperiment(api.app);
    const pause = async (headers: Record<string, string>) =>
      (await api.app.inject({ method: "POST", url: `/v1/experiments/${id}/pause`, headers })).statusCode;
    expect(await pause({ origin: "https://evil.example" })).toBe(403);
    expect(await pause({ origin: "null" })).toBe(403);
    expect(await pause({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await pause({ origin: "http://localhost:5173", "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await pause({})).toBe(200);
  });

  it("more requests than allowed are refused, health and metrics never", async () => {
    await start({ settings: { requestsPerMinute: 5 } });
    const statuses = [];
    for (let round = 0; round < 7; round++) statuses.push((await api.app.inject("/v1/workers")).statusCode);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const refused = await api.app.inject("/v1/workers");
    expect(problemSchema.parse(refused.json()).code).toBe("too_many_requests");
    expect(refused.headers["retry-after"]).toBeDefined();
    expect((await api.app.inject("/health/live")).statusCode).toBe(200);
    expect((await api.app.inject("/metrics")).statusCode).toBe(200);
  });

  it("a bug is a 500 that tells nothing of itself", async () => {
    await start({
      change: (deps) => ({
        ...deps,
        store: {
          ...deps.store,
          workers: {
            ...deps.store.workers,
            list: async () => {
              throw new TypeError("secret of /home/admin");
            },
          },
        },
      }),
    });
    const response = await api.app.inject("/v1/workers");
    expect(response.statusCode).toBe(500);
    expect(problemSchema.parse(response.json())).toMatchObject({ code: "internal" });
    expect(response.body).not.toMatch(/secret|admin|TypeError/);
  });

  it.each([
    ["GET", "/", 302],
    ["GET", "/nothing", 404],
    ["DELETE", "/v1/experiments", 404],
    ["PATCH", "/v1/datasets/x", 404],
    ["GET", "/%zz", 400],
    ["GET", `/v1/trials/${"a".repeat(2000)}`, 400],
    ["GET", "/v1/experiments?limit=1000", 422],
    ["GET", "/v1/experiments?limit=x", 422],
  ] as const)("%s %s is answered with %i", async (method, url, status) => {
    await start();
    const response = await api.app.inject({ method, url });
    expect(response.statusCode).toBe(status);
    if (status >= 400) expect(problemSchema.parse(response.json())).toMatchObject({ status });
  });

  it("what isn't HTTP gets a problem", async () => {
    await start();
    const url = new URL(await api.listen());
    const answer = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(url.port), url.hostname, () => socket.write("nonsense\r\n\r\n"));
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("end", () => resolve(text));
      socket.on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/);
    problemSchema.parse(JSON.parse(answer.split("\r\n\r\n")[1] ?? ""));
  });
});
