/** GET /v1/experiments/:id/log: what happened as sentences, in order, page by page, without a secret. */
import { experimentLogSchema, logLineSchema } from "@rightsize/contract";
import type { AssignmentId, ExperimentId, WorkerId } from "@rightsize/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutSecrets } from "../src/views/experiment-log.ts";
import { course, playToTheEnd } from "./play.ts";
import { postExperiment, startTestApi, type TestApi } from "./support.ts";

let api: TestApi;
let id: string;
const get = (query = "", accept?: string, experiment = id) =>
  api.app.inject({ url: `/v1/experiments/${experiment}/log${query}`, headers: accept === undefined ? {} : { accept } });
const logOf = async (query = "", experiment = id) => experimentLogSchema.parse((await get(query, undefined, experiment)).json());

beforeAll(async () => {
  api = await startTestApi();
  const { workers, work, experiments } = api.store;
  const workerId = "wrk_test" as WorkerId;
  const rest = { processId: 1, slots: 1, engines: ["scripted"], fingerprint: "scripted/test", memoryBytes: 1 };
  await workers.announce({ ...rest, id: workerId, machine: "attic", device: "cpu, 2 threads" });
  id = await postExperiment(api.app, course);
  // The first attempt crashes, by a cause that names what nobody should read.
  const snapshot = await experiments.snapshot(id as ExperimentId);
  const assignmentId = snapshot?.runs[0]?.assignmentId as AssignmentId;
  const claim = await work.claim({ assignmentId, workerId, leaseMs: 10_000, fingerprints: { scripted: "scripted/test" } });
  if ("refused" in claim) throw new Error(claim.refused);
  await work.endAttempt(claim, "crashed", "lost postgresql://rightsize:hunter2@db/x, password=hunter2 rsk_00ff_abcd");
  await playToTheEnd(api, id);
});
afterAll(() => api.close());

describe("the log", () => {
  it("tells an experiment from its question to its answer, a sentence an event", async () => {
    const { lines, last, more, experimentId } = await logOf();
    const events = await api.store.experiments.events(id as ExperimentId, 0, 1000);
    expect(experimentId).toBe(id);
    expect(lines.map(({ sequence, time, kind }) => [sequence, time, kind])).toEqual(
      events.map(({ sequence, createdAt, kind }) => [sequence, createdAt, kind]),
    );
    expect([last, more]).toEqual([events.length, false]);
    const messages = lines.map(({ message }) => message);
    expect(messages[0]).toBe("Asked: the right size of a network for y (regression, preset course, engine scripted).");
    expect(messages).toContain("Trial 1 begins: 1 hidden layer of 100 nodes.");
    expect(messages).toContain("Trial 1 has the score 5.4 (1 run).");
    expect(messages.find((message) => message.startsWith("Decision 5,"))).toMatch(/a new trial: .+/);
    expect(messages.find((message) => message.startsWith("Trial 5, a fit") && message.includes("ended"))).toMatch(
      /^Trial 5, a fit \(seed 0, fold 0, learning rate [\d.]+\) ended after 2 epochs, validation loss 4\.3\.$/,
    );
    expect(messages.at(-1)).toBe("The experiment is SUCCEEDED.");
    for (const message of messages) expect(message).toMatch(/\.$/);
  });

  it("tells a short probe by its rate and the epochs it has at most", async () => {
    const learningRate = { kind: "probe", values: [0.001, 0.01], epochs: 1200 };
    const probed = await postExperiment(api.app, { ...course, recipe: { maxEpochs: 2000, learningRate } });
    await playToTheEnd(api, probed);
    const log = await api.app.inject({ url: `/v1/experiments/${probed}/log`, headers: { accept: "text/plain" } });
    expect(log.body).toMatch(
      /Trial 1, a probe of a learning rate \(seed \d+, fold 0, learning rate 0\.01, at most 1,200 epochs\) ended after 2 epochs, validation loss 5\.4\./,
    );
  });

  it("tells of a crash with its attempt, worker and cause, cut of what is secret", async () => {
    const { lines } = await logOf();
    const crash = lines.find(({ kind }) => kind === "run.requeued");
    expect(crash).toMatchObject({ level: "warn", trial: 1 });
    expect(crash?.message).toMatch(
      /^Trial 1, a fit \(seed .*\): attempt 1 of worker wrk_test \(attic, cpu, 2 threads\) crashed: lost postgresql:\/\/…@db\/x, password=… rsk_…\. It waits to be trained again\.$/,
    );
    expect(crash?.attempt).toMatchObject({ number: 1, end: "crashed", machine: "attic", detail: expect.not.stringContaining("hunter2") });
    const begins = lines.filter(({ kind, trial }) => kind === "run.started" && trial === 1);
    expect(begins.map(({ attempt }) => [attempt?.number, attempt?.end]).slice(0, 2)).toEqual([
      [1, "crashed"],
      [2, "completed"],
    ]);
    expect((await get("?limit=1000")).body).not.toContain("hunter2");
  });

  it("comes page by page without a gap, also while it grows", async () => {
    const whole = (await logOf("?limit=1000")).lines;
    const seen: number[] = [];
    for (let after = 0, more = true; more; ) {
      const page = await logOf(`?limit=7&after=${after}`);
      seen.push(...page.lines.map(({ sequence }) => sequence));
      ({ last: after, more } = page);
    }
    expect(seen).toEqual(whole.map(({ sequence }) => sequence));
    expect(await logOf(`?after=${whole.length}`)).toMatchObject({ lines: [], last: whole.length, more: false });
  });

  it("is a line of JSON each or plain text where that is asked for", async () => {
    const ndjson = await get("", "application/x-ndjson");
    expect(ndjson.headers).toMatchObject({ "content-type": "application/x-ndjson; charset=utf-8", vary: "accept" });
    const lines = ndjson.body.trimEnd().split("\n");
    expect(lines.map((line) => logLineSchema.parse(JSON.parse(line)))).toEqual((await logOf()).lines);
    const text = await get("?format=text");
    expect(text.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(text.body.split("\n")[0]).toMatch(/^\d{4}-\S+Z info {2}Asked: /);
  });

  it.each(["?after=-1", "?limit=0", "?limit=1001", "?format=xml", "?after=x"])("%s is refused", async (query) => {
    expect((await get(query)).json()).toMatchObject({ status: 422 });
  });

  it("of an experiment that isn't there is not found", async () => {
    expect((await get("", undefined, "exp_none")).json()).toMatchObject({ status: 404 });
  });
});

it.each([
  ["redis://:pw@host:6379", "redis://…@host:6379"],
  ["Authorization: Bearer abc.def", "Authorization: Bearer …"],
  ['{"token": "abc"}', '{"token": …}'],
  ["PASSWORD=x;host=y", "PASSWORD=…;host=y"],
  ["https://example.org/a@b", "https://example.org/a@b"],
  ["the loss is infinite at epoch 3", "the loss is infinite at epoch 3"],
])("%s is told as %s", (text, told) => {
  expect(withoutSecrets(text)).toBe(told);
});
