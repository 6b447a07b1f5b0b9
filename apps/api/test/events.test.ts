/** The stream of events over real HTTP: in order, without gaps, resumable, ending with the experiment. */
import { epochsMessageSchema, eventViewSchema } from "@rightsize/contract";
import { type EpochRecord, type ExperimentId, type RunId, randomIds, type Store, type WorkerId } from "@rightsize/core";
import { afterEach, describe, expect, it } from "vitest";
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
const watch = async (id: string, headers: Record<string, string> = {}, query = "") => {
  const reader = await readEvents(`${url}/v1/experiments/${id}/events${query}`, headers);
  readers.push(reader);
  return reader;
};
const oneTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const lastSequence = async (id: string) => (await api.store.experiments.find(null, id as ExperimentId))?.eventCount ?? 0;
/** Writes events without touching the experiment's state. */
const say = (id: string, count: number, padding = "") =>
  api.store.experiments.advance(id as ExperimentId, () => ({
    decision: null,
    newTrials: [],
    trialChanges: [],
    assignments: [],
    cancelAssignments: [],
    experiment: null,
    events: Array.from({ length: count }, (_, index) => ({ kind: "decision.made" as const, data: { index, padding } })),
  }));
const cancel = (id: string) => api.app.inject({ method: "POST", url: `/v1/experiments/${id}/cancel` });

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await api.close();
});

describe("the stream of events", () => {
  it("tells a whole experiment, numbered without a gap, and ends after its last event", async () => {
    await start();
    const id = await postExperiment(api.app, course);
    const reader = await watch(id);
    expect(reader.status).toBe(200);
    await playToTheEnd(api, id);
    await reader.ended;
    expect(reader.ids()).toEqual(oneTo(await lastSequence(id)));
    const events = reader.messages.filter((message) => message.id !== null);
    for (const { id: sequence, event, data } of events) {
      expect(eventViewSchema.parse(data)).toMatchObject({ experimentId: id, sequence: Number(sequence), kind: event });
    }
    expect(events[0]?.event).toBe("experiment.created");
    expect(events.at(-1)?.data).toMatchObject({ kind: "experiment.state", data: { state: "SUCCEEDED" } });
  });

  it("says at once that it is open, and when to come back", async () => {
    await start();
    const id = await postExperiment(api.app);
    const response = await fetch(`${url}/v1/experiments/${id}/events?after=1000000`);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const first = await response.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toBe("retry: 1000\n\n");
  });

  it("resumes after Last-Event-ID, missing nothing, however often it is broken off", async () => {
    await start();
    const id = await postExperiment(api.app);
    const writing = (async () => {
      for (let round = 0; round < 40; round++) {
        await say(id, 5);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await cancel(id);
    })();
    const seen: number[] = [];
    let connections = 0;
    for (;;) {
      const reader = await watch(id, seen.length > 0 ? { "last-event-id": String(seen.at(-1)) } : {});
      if (reader.status === 204) break;
      connections += 1;
      await Promise.race([reader.until(() => reader.ids().length > 20), reader.ended]);
      reader.close();
      await reader.ended;
      seen.push(...reader.ids());
      if (
        seen.length > 0 &&
        seen.at(-1) === (await lastSequence(id)) &&
        (await api.store.experiments.find(null, id as ExperimentId))?.endedAt
      )
        break;
    }
    await writing;
    expect(connections).toBeGreaterThan(3);
    expect(seen).toEqual(oneTo(await lastSequence(id)));
  });

  it("resumes after ?after= too; Last-Event-ID wins, since a browser repeats the query when it connects again", async () => {
    await start();
    const id = await postExperiment(api.app);
    await say(id, 10);
    await cancel(id);
    const last = await lastSequence(id);
    const byQuery = await watch(id, {}, "?after=4");
    await byQuery.ended;
    expect(byQuery.ids()).toEqual(oneTo(last, 5));
    const both = await watch(id, { "last-event-id": "7" }, "?after=4");
    await both.ended;
    expect(both.ids()).toEqual(oneTo(last, 8));
  });

  it("answers 204 when the experiment is over and nothing follows: a browser then stays away", async () => {
    await start();
    const id = await postExperiment(api.app);
    await cancel(id);
    expect((await watch(id, { "last-event-id": String(await lastSequence(id)) })).status).toBe(204);
  });

  it.each(["abc", "-1", "1.5", "2147483648", "99999999999999999999"])("refuses the Last-Event-ID %s", async (header) => {
    await start();
    const id = await postExperiment(api.app);
    const response = await api.app.inject({ url: `/v1/experiments/${id}/events`, headers: { "last-event-id": header } });
    expect(response.json()).toMatchObject({ status: 400, issues: [{ where: "header last-event-id", received: header }] });
  });

  it("misses nothing though every signal is lost", async () => {
    const deaf = (store: Store): Store => ({ ...store, subscribe: async () => async () => {} });
    await start({ change: (deps) => ({ ...deps, store: deaf(deps.store) }) });
    const id = await postExperiment(api.app);
    const reader = await watch(id);
    await say(id, 3);
    await cancel(id);
    await reader.ended;
    expect(reader.ids()).toEqual(oneTo(await lastSequence(id)));
  });

  it("goes on after the store could not be read for a while", async () => {
    let away = false;
    const flaky = (store: Store): Store => ({
      ...store,
      experiments: {
        ...store.experiments,
        events: (...args) => (away ? Promise.reject(new Error("away")) : store.experiments.events(...args)),
      },
    });
    await start({ change: (deps) => ({ ...deps, store: flaky(deps.store) }) });
    const id = await postExperiment(api.app);
    const reader = await watch(id);
    await reader.until(() => reader.ids().length >= 1);
    away = true;
    await say(id, 3);
    await new Promise((resolve) => setTimeout(resolve, 250));
    away = false;
    await cancel(id);
    await reader.ended;
    expect(reader.ids()).toEqual(oneTo(await lastSequence(id)));
  });

  it("gives many watchers the same, wherever they begin, and reads the store once for all of them", async () => {
    let reads = 0;
    const counting = (store: Store): Store => ({
      ...store,
      experiments: {
        ...store.experiments,
        events: (...args) => {
          reads += 1;
          return store.experiments.events(...args);
        },
      },
    });
    await start({ settings: { eventLookMs: 60_000 }, change: (deps) => ({ ...deps, store: counting(deps.store) }) });
    const id = await postExperiment(api.app);
    const watching = await Promise.all(Array.from({ length: 30 }, () => watch(id)));
    await Promise.all(watching.map((reader) => reader.until(() => reader.ids().length >= 1)));
    const before = reads;
    for (let round = 0; round < 10; round++) {
      await say(id, 1);
      const last = await lastSequence(id);
      await Promise.all(watching.map((reader) => reader.until(() => reader.ids().at(-1) === last)));
    }
    expect(reads - before).toBeLessThan(60);
    await cancel(id);
    await Promise.all(watching.map((reader) => reader.ended));
    for (const reader of watching) expect(reader.ids()).toEqual(oneTo(await lastSequence(id)));
  });

  it("a slow watcher gets every numbered event all the same", async () => {
    await start();
    const id = await postExperiment(api.app);
    const response = await fetch(`${url}/v1/experiments/${id}/events`);
    // Nothing is read while far more is written than the server keeps.
    for (let round = 0; round < 60; round++) await say(id, 100, "x".repeat(3000));
    await cancel(id);
    const ids = [...(await response.text()).matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(ids).toEqual(oneTo(await lastSequence(id)));
  });

  it("sends heartbeats while nothing happens", async () => {
    await start({ settings: { heartbeatMs: 30 } });
    const reader = await watch(await postExperiment(api.app));
    await reader.until((messages) => messages.filter(({ comment }) => comment === "heartbeat").length >= 2);
  });

  it("an open stream doesn't hold up the server's end", async () => {
    await start();
    const reader = await watch(await postExperiment(api.app));
    const before = Date.now();
    await api.app.close();
    await reader.ended.catch(() => {});
    expect(Date.now() - before).toBeLessThan(3000);
  });
});

describe("epochs of running runs", () => {
  /** Claims the experiment's first assignment and hands out the means to write epochs. */
  async function train() {
    let assignmentId = "";
    await api.store.outbox.relay(10, async (items) => {
      assignmentId = items[0]?.assignmentId ?? "";
    });
    const claim = await api.store.work.claim({
      assignmentId: assignmentId as never,
      workerId: randomIds("worker") as WorkerId,
      leaseMs: 10_000,
      fingerprints: { scripted: "scripted/1" },
    });
    if ("refused" in claim) throw new Error(claim.refused);
    const runId = claim.runs[0]?.id as RunId;
    const record = (epoch: number): EpochRecord => ({
      runId,
      epoch,
      trainingLoss: 1 / epoch,
      validationLoss: 2 / epoch,
      learningRate: 0.001,
    });
    return {
      runId,
      write: (first: number, last: number) => api.store.work.appendEpochs(claim, oneTo(last, first).map(record)),
      end: () =>
        api.store.work.completeRun(claim, runId, {
          state: "COMPLETED",
          result: {
            validationLoss: 1,
            trainingLoss: 1,
            metrics: null,
            epochs: 3,
            bestEpoch: 3,
            capped: false,
            diagnostics: null,
            cost: 1,
            trainMs: 1,
            weightsArtifact: null,
            reason: null,
          },
        }),
    };
  }
  const epochsOf = (reader: EventReader) =>
    reader.messages
      .filter(({ event }) => event === "epochs")
      .flatMap(({ id, data }) => {
        expect(id).toBeNull();
        return epochsMessageSchema.parse(data).epochs.map(({ epoch }) => epoch);
      });

  it("come as they are written, without an id; whoever connects later gets them from the first", async () => {
    await start();
    const id = await postExperiment(api.app);
    const early = await watch(id);
    const run = await train();
    await run.write(1, 3);
    await early.until(() => epochsOf(early).length === 3);
    const late = await watch(id);
    await late.until(() => epochsOf(late).length === 3);
    await run.write(4, 1500);
    for (const reader of [early, late]) {
      await reader.until(() => epochsOf(reader).length === 1500);
      expect(epochsOf(reader)).toEqual(oneTo(1500));
    }
  });

  it("the last of them come before the event that the run ended", async () => {
    await start({ settings: { eventLookMs: 60_000 } });
    const id = await postExperiment(api.app);
    const run = await train();
    const reader = await watch(id);
    await reader.until((messages) => messages.some(({ event }) => event === "run.started"));
    await run.write(1, 3);
    await run.end();
    await reader.until((messages) => messages.some(({ event }) => event === "run.ended"));
    const kinds = reader.messages.map(({ event }) => event);
    expect(epochsOf(reader)).toEqual([1, 2, 3]);
    expect(kinds.lastIndexOf("epochs")).toBeLessThan(kinds.indexOf("run.ended"));
  });
});
