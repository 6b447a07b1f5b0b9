/** Whatever is sent: never a 5xx, always a documented answer. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { askStrangely, postBrokenExperiments } from "./negative-requests.ts";
import { postExperiment, startTestApi, type TestApi, uploadTable } from "./support.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

it("POST /v1/experiments with 1,000 broken requests", async () => {
  const statuses = await postBrokenExperiments(api, await uploadTable(api.app), 1000);
  // The generator is worth something only if it makes both kinds.
  expect(statuses.get(422) ?? 0).toBeGreaterThan(100);
  expect(statuses.get(201) ?? 0).toBeGreaterThan(10);
});

it("every route with 1,000 addresses, queries and headers that nobody meant", async () => {
  await askStrangely(api, await postExperiment(api.app), 1000);
});
