/** The API's routes on the real store: what its own tests show on the in-memory twin holds on Postgres too. */
import { experimentPageSchema, experimentViewSchema, trialTableSchema } from "@rightsize/contract";
import type { ExperimentId } from "@rightsize/core";
import { createPostgresStore } from "@rightsize/store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askStrangely, postBrokenExperiments } from "../../apps/api/test/negative-requests.ts";
import { course, playToTheEnd } from "../../apps/api/test/play.ts";
import { readEvents } from "../../apps/api/test/sse-client.ts";
import { postExperiment, startTestApi, type TestApi, uploadTable } from "../../apps/api/test/support.ts";
import { withPostgres } from "../support/postgres.ts";

const postgres = withPostgres();
let api: TestApi;
beforeEach(async () => {
  api = await startTestApi({ store: await createPostgresStore({ url: await postgres.newDatabase() }) });
});
afterEach(() => api.close());

const control = (id: string, verb: string) => api.app.inject({ method: "POST", url: `/v1/experiments/${id}/${verb}` });
const oneTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const eventCount = async (id: string) => (await api.store.experiments.find(null, id as ExperimentId))?.eventCount ?? 0;

test("a whole experiment: its table, and its events over two connections without a gap", async () => {
  const url = await api.listen();
  const id = await postExperiment(api.app, course);
  const first = await readEvents(`${url}/v1/experiments/${id}/events`);
  const playing = playToTheEnd(api, id);
  await first.until(() => first.ids().length >= 5);
  first.close();
  await first.ended;
  const second = await readEvents(`${url}/v1/experiments/${id}/events`, { "last-event-id": String(first.ids().at(-1)) });
  await playing;
  await second.ended;
  expect([...first.ids(), ...second.ids()]).toEqual(oneTo(await eventCount(id)));
  const table = trialTableSchema.parse((await api.app.inject(`/v1/experiments/${id}/trials`)).json());
  expect(table.trials.map(({ score, nextStep }) => [score, nextStep])).toEqual([
    [5.4, "INCREASE_CAPACITY"],
    [4.8, "INCREASE_CAPACITY"],
    [4.4, "INCREASE_CAPACITY"],
    [4.5, "DECREASE_CAPACITY"],
    [4.3, "DONE"],
  ]);
  const reader = await readEvents(`${url}/v1/experiments/${id}/events`, { "last-event-id": String(await eventCount(id)) });
  expect(reader.status).toBe(204);
});

describe("control", () => {
  test("pause, resume, cancel", async () => {
    const id = await postExperiment(api.app, course);
    for (const [verb, state] of [
      ["pause", "PAUSED"],
      ["pause", "PAUSED"],
      ["resume", "RUNNING"],
      ["resume", "RUNNING"],
      ["cancel", "CANCELLED"],
      ["cancel", "CANCELLED"],
    ] as const) {
      expect(experimentViewSchema.parse((await control(id, verb)).json()).state).toBe(state);
    }
    expect((await control(id, "resume")).statusCode).toBe(409);
    const snapshot = await api.store.experiments.snapshot(id as ExperimentId);
    expect(snapshot?.runs.every(({ state }) => state === "CANCELLED")).toBe(true);
    expect(snapshot?.trials.every(({ state }) => state === "CANCELLED")).toBe(true);
  });

  test("a paused experiment that is resumed comes to its end", async () => {
    const id = await postExperiment(api.app, course);
    await control(id, "pause");
    await control(id, "resume");
    await playToTheEnd(api, id);
    expect((await api.app.inject(`/v1/experiments/${id}`)).json()).toMatchObject({ state: "SUCCEEDED", stateReason: null });
  });

  test("twenty at once: each answer is one that an order of them allows", async () => {
    const id = await postExperiment(api.app, course);
    const verbs = ["pause", "resume", "cancel", "pause"];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => control(id, verbs[index % verbs.length] as string)));
    for (const answer of answers) expect([200, 409]).toContain(answer.statusCode);
    expect((await api.app.inject(`/v1/experiments/${id}`)).json()).toMatchObject({ state: "CANCELLED" });
    const events = await api.store.experiments.events(id as ExperimentId, 0, 1000);
    expect(events.map(({ sequence }) => sequence)).toEqual(oneTo(events.length));
    expect(events.filter(({ data }) => data.state === "CANCELLED" && data.reason === "cancelled by request")).toHaveLength(1);
  });
});

test("ten posts at once with one Idempotency-Key make one experiment", async () => {
  const dataset = await uploadTable(api.app);
  const post = () =>
    api.app.inject({
      method: "POST",
      url: "/v1/experiments",
      payload: { dataset, target: "y" },
      headers: { "idempotency-key": "ten at once" },
    });
  const answers = await Promise.all(Array.from({ length: 10 }, post));
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([...Array(9).fill(200), 201]);
  expect(new Set(answers.map((answer) => answer.json<{ id: string }>().id)).size).toBe(1);
});

test("ten uploads of one file at once make one dataset", async () => {
  const ids = await Promise.all(Array.from({ length: 10 }, () => uploadTable(api.app)));
  expect(new Set(ids).size).toBe(1);
});

test("lists page by page, newest first, also while new ones come", async () => {
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) ids.unshift(await postExperiment(api.app, { name: `number ${index}` }));
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = experimentPageSchema.parse((await api.app.inject(`/v1/experiments?limit=2${query}`)).json());
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
    await postExperiment(api.app, { name: "meanwhile" });
  } while (cursor !== null);
  expect(seen).toEqual(ids);
});

test.each(["experiments", "datasets"])("a cursor of %s that isn't one of ours is a 400", async (what) => {
  for (const cursor of ["nonsense", "AAAA", "eyJhIjoxfQ", "%00", "'; DROP TABLE trial; --"]) {
    const response = await api.app.inject(`/v1/${what}?cursor=${encodeURIComponent(cursor)}`);
    expect(response.statusCode, `${cursor}: ${response.body}`).toBe(400);
  }
});

test.each(["log", "events"])("a sequence number of the %s beyond every event's is refused, and the largest is an answer", async (what) => {
  const id = await postExperiment(api.app);
  await control(id, "cancel");
  const after = (sequence: number) => api.app.inject(`/v1/experiments/${id}/${what}?after=${sequence}`);
  expect((await after(2 ** 31)).json()).toMatchObject({ status: 422, issues: [{ where: "?after" }] });
  expect([200, 204]).toContain((await after(2 ** 31 - 1)).statusCode);
});

test("300 broken requests and 300 strange ones: what the schemas let through, Postgres takes too", async () => {
  const statuses = await postBrokenExperiments(api, await uploadTable(api.app), 300);
  expect(statuses.get(201) ?? 0).toBeGreaterThan(2);
  await askStrangely(api, await postExperiment(api.app), 300);
});
