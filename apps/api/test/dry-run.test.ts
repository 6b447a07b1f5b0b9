/** POST /v1/experiments?dryRun=true: an estimate after the same checks, and nothing created. */
import { experimentEstimateSchema } from "@rightsize/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi, uploadTable } from "./support.ts";

describe("a dry run", () => {
  let api: TestApi;
  let dataset: string;
  beforeEach(async () => {
    api = await startTestApi();
    dataset = await uploadTable(api.app);
  });
  afterEach(() => api.close());

  const post = (payload: object, query = "?dryRun=true", key?: string) =>
    api.app.inject({
      method: "POST",
      url: `/v1/experiments${query}`,
      payload,
      ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
    });
  const experiments = async () => (await api.app.inject("/v1/experiments")).json<{ items: unknown[] }>().items.length;

  test("answers an estimate and creates nothing: no experiment, no key, no bytes", async () => {
    const before = await api.files();
    const response = await post({ dataset, target: "y" }, "?dryRun=true", "my-key");
    expect(response.statusCode).toBe(200);
    const estimate = experimentEstimateSchema.parse(response.json());
    expect(estimate).toMatchObject({ dryRun: true, slots: 0, plan: { trainingRows: 560 }, sources: { speed: { kind: "default" } } });
    expect(estimate.sentence).toMatch(/will be ties or undecided/);
    expect(estimate.warnings.join()).toMatch(/no live worker/);
    expect(await experiments()).toBe(0);
    expect([...(await api.files())].sort()).toEqual([...before].sort());
    // The key is free: the real request is the first to use it.
    expect((await post({ dataset, target: "y" }, "", "my-key")).statusCode).toBe(201);
    expect((await post({ dataset, target: "y" }, "?dryRun=false", "my-key")).statusCode).toBe(200);
    expect(await experiments()).toBe(1);
  });

  test("counts the slots of live workers with the engine", async () => {
    const worker = { machine: "m", processId: 1, fingerprint: "f", device: "cpu", memoryBytes: 8e9 };
    await api.store.workers.announce({ ...worker, id: "wrk_a" as never, slots: 3, engines: ["onnx"] });
    await api.store.workers.announce({ ...worker, id: "wrk_b" as never, slots: 5, engines: ["scripted"] });
    expect((await post({ dataset, target: "y" })).json()).toMatchObject({ slots: 3, warnings: [] });
  });

  test.each([
    ["an unknown column", { target: "why" }],
    ["a target that can't be planned", { target: "a" }],
    ["an unknown preset", { target: "y", search: { preset: "none" } }],
    ["wrong parameters", { target: "y", search: { preset: "course", parameters: { nodes: [] } } }],
    ["a loss that doesn't fit", { target: "y", recipe: { loss: "cross_entropy" } }],
    ["an engine that isn't here", { target: "y", engine: { name: "tensorflow" } }],
    ["no target", {}],
  ])("refuses %s as the real request does", async (_, question) => {
    const [dry, real] = [await post({ dataset, ...question }), await post({ dataset, ...question }, "")];
    expect(dry.statusCode).toBeGreaterThanOrEqual(400);
    expect({ ...dry.json<object>(), instance: "" }).toEqual({ ...real.json<object>(), instance: "" });
  });

  test("refuses a dataset that isn't there, a key of another request, and what is neither true nor false", async () => {
    expect((await post({ dataset: "0".repeat(64), target: "y" })).statusCode).toBe(404);
    expect((await post({ dataset, target: "y" }, "", "used")).statusCode).toBe(201);
    expect((await post({ dataset, target: "b" }, "?dryRun=true", "used")).json()).toMatchObject({
      status: 409,
      code: "idempotency_conflict",
    });
    expect((await post({ dataset, target: "y" }, "?dryRun=maybe")).json()).toMatchObject({
      status: 422,
      issues: [{ where: expect.stringContaining("dryRun"), received: '"maybe"' }],
    });
  });
});
