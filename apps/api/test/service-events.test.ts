/** The stream of the whole service over real HTTP: every change of the owner's experiments, resumable, and the workers. */
import { experimentItemSchema, experimentPageSchema, workerListSchema } from "@rightsize/contract";
import { type ExperimentId, type OwnerId, randomIds, type Store, type WorkerId } from "@rightsize/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { OwnerChanges } from "../src/events/owner-changes.ts";
import { course, playToTheEnd } from "./play.ts";
import { type EventReader, readEvents } from "./sse-client.ts";
import { postExperiment, startTestApi, type TestApi, type TestApiOptions } from "./support.ts";

let api: TestApi;
let url: string;
const readers: EventReader[] = [];
const start = async (options?: TestApiOptions) => {
  api = await startTestApi(options);
  url = await api.listen();
};
const watch = async (query = "", headers: Record<string, string> = {}) => {
  const reader = await readEvents(`${url}/v1/events${query}`, headers);
  readers.push(reader);
  await reader.until((messages) => messages.some(({ event }) => event === "open"));
  return reader;
};
const items = (reader: EventReader) =>
  reader.messages.filter(({ event }) => event === "experiment").map(({ data }) => experimentItemSchema.parse(data));
const cancel = (id: string) => api.app.inject({ method: "POST", url: `/v1/experiments/${id}/cancel` });
const opened = (reader: EventReader) => reader.messages.filter(({ event }) => event === "open").map(({ data }) => data?.resumed);

afterEach(async () => {
  vi.restoreAllMocks();
  for (const reader of readers.splice(0)) reader.close();
  await api.close();
});

describe("the stream of the whole service", () => {
  it("tells each experiment as the list shows it, from its first event to its answer", async () => {
    await start();
    const reader = await watch();
    expect(opened(reader)).toEqual([false]);
    const id = await postExperiment(api.app, course);
    await reader.until(() => items(reader).some((item) => item.id === id && item.summary.current?.number === 1));
    await playToTheEnd(api, id);
    await reader.until(() => items(reader).at(-1)?.state === "SUCCEEDED");
    const last = items(reader).at(-1);
    expect(last?.summary).toEqual({
      trials: 5,
      scores: [5.4, 4.8, 4.4, 4.5, 4.3],
      best: { number: 5, hiddenLayers: 3, nodesPerLayer: 200, score: 4.3 },
      current: null,
    });
    const list = experimentPageSchema.parse((await api.app.inject("/v1/experiments")).json());
    expect(list.items).toEqual([last]);
  });

  it("resumes behind Last-Event-ID with what changed meanwhile, and says when it can't", async () => {
    await start();
    const first = await watch();
    const [one, other] = [await postExperiment(api.app), await postExperiment(api.app)];
    await first.until(() => items(first).length >= 2);
    const place = first.messages.findLast(({ id }) => id !== null)?.id ?? "";
    first.close();
    await cancel(one);
    const second = await watch("", { "last-event-id": place });
    await second.until(() => items(second).length > 0);
    expect(opened(second)).toEqual([true]);
    expect(items(second).map(({ id, state }) => [id, state])).toEqual([[one, "CANCELLED"]]);
    const stranger = await watch("", { "last-event-id": "elsewhere.3" });
    expect(opened(stranger)).toEqual([false]);
    await cancel(other);
    await stranger.until(() => items(stranger).some(({ id }) => id === other));
  });

  it("tells nobody of another owner's experiments", async () => {
    await start();
    const reader = await watch();
    const mine = await postExperiment(api.app);
    const own = await api.store.experiments.find(null, mine as ExperimentId);
    if (own === null) throw new Error("no experiment");
    const { spec, plan } = own;
    const given = { id: randomIds("experiment"), owner: "own_another" as OwnerId, spec, plan, policyVersion: "1", idempotency: null };
    await api.store.experiments.create(given, () => null);
    await cancel(mine);
    await reader.until(() => items(reader).some(({ state }) => state === "CANCELLED"));
    expect(new Set(items(reader).map(({ id }) => id))).toEqual(new Set([mine]));
  });

  it("finds changes whose signals were lost, and tells deletions", async () => {
    let deaf = false;
    const withoutSignals = (store: Store): Store => ({
      ...store,
      subscribe: (listener) => store.subscribe((signal) => deaf || listener(signal)),
    });
    await start({ settings: { eventLookMs: 30 }, change: (deps) => ({ ...deps, store: withoutSignals(deps.store) }) });
    const reader = await watch();
    const open = await postExperiment(api.app);
    await reader.until(() => items(reader).length > 0);
    deaf = true;
    const unheard = await postExperiment(api.app);
    await cancel(open);
    await reader.until(() => items(reader).some(({ id }) => id === unheard));
    await reader.until(() => items(reader).some(({ id, state }) => id === open && state === "CANCELLED"));
    await api.app.inject({ method: "DELETE", url: `/v1/experiments/${open}` });
    await reader.until((messages) => messages.some(({ event, data }) => event === "experiment.gone" && data?.id === open));
  });

  it("goes on where the first reading of the lists takes longer than the pause between looks", async () => {
    const now = performance.now.bind(performance);
    // The service has run for an hour: whoever left at its start is long forgotten.
    vi.spyOn(performance, "now").mockImplementation(() => now() + 3_600_000);
    const slow = (store: Store): Store => ({
      ...store,
      experiments: {
        ...store.experiments,
        list: async (...question) => {
          await new Promise((resolve) => setTimeout(resolve, 60));
          return store.experiments.list(...question);
        },
      },
    });
    await start({ settings: { eventLookMs: 10 }, change: (deps) => ({ ...deps, store: slow(deps.store) }) });
    const reader = await watch();
    const id = await postExperiment(api.app);
    await reader.until(() => items(reader).some((item) => item.id === id));
  });

  it("never tells an experiment again that was deleted while it was read", async () => {
    await start();
    const found = await api.store.experiments.find(null, (await postExperiment(api.app)) as ExperimentId);
    if (found === null) throw new Error("no experiment");
    const changes = new OwnerChanges("a");
    changes.add({ kind: "gone", id: found.id });
    changes.add({ kind: "experiment", experiment: found, trials: [] });
    expect(changes.after(0)?.map(({ change }) => change.kind)).toEqual(["gone"]);
  });

  it("tells the workers to those who ask for them", async () => {
    await start({ settings: { eventLookMs: 30 } });
    const reader = await watch("?topics=workers");
    const worker = { processId: 1, slots: 2, engines: ["onnx"], fingerprint: "f", device: "cpu", memoryBytes: 1e9 };
    await api.store.workers.announce({ ...worker, id: "wrk_1" as WorkerId, machine: "atelier" });
    const machines = () =>
      reader.messages
        .filter(({ event }) => event === "workers")
        .flatMap(({ data }) => workerListSchema.parse(data).workers.map((one) => one.machine));
    await reader.until(() => machines().includes("atelier"));
    await postExperiment(api.app);
    await api.store.workers.announce({ ...worker, id: "wrk_2" as WorkerId, machine: "second" });
    await reader.until(() => machines().includes("second"));
    expect(items(reader)).toEqual([]);
  });

  it("refuses topics that don't exist", async () => {
    await start();
    const response = await api.app.inject("/v1/events?topics=weather");
    expect([response.statusCode, response.json().issues[0].where]).toEqual([422, "?topics"]);
  });
});

describe("the list of experiments", () => {
  it("finds by words and states", async () => {
    await start();
    const wages = await postExperiment(api.app, { name: "Hourly wages" });
    const prices = await postExperiment(api.app, { name: "House prices" });
    await cancel(prices);
    const ids = async (query: string) =>
      experimentPageSchema.parse((await api.app.inject(`/v1/experiments?${query}`)).json()).items.map(({ id }) => id);
    expect(await ids("search=house")).toEqual([prices]);
    expect(await ids("states=QUEUED,RUNNING")).toEqual([wages]);
    expect(await ids("search=house&states=QUEUED")).toEqual([]);
    expect((await api.app.inject("/v1/experiments?states=LOST")).statusCode).toBe(422);
  });
});
