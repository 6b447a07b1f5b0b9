/** Watching: progress from epochs, sentences, and the pictures that follow from the service's events. */

import type { Client, StreamMessage } from "@rightsize/client";
import type { EpochsMessage, EventView, TrialView } from "@rightsize/contract";
import { expect, test } from "vitest";
import { follow, type Picture, type Watcher } from "../src/watch/follow.ts";
import { jsonWatcher } from "../src/watch/json-watcher.ts";
import { liveWatcher } from "../src/watch/live-watcher.ts";
import { plainWatcher } from "../src/watch/plain-watcher.ts";
import { afterEpochs, progressScale, progressText, type RunProgress, timeLeft } from "../src/watch/run-progress.ts";
import { decisionSentence, progressSentences, trialSentence } from "../src/watch/sentences.ts";
import { createTerminalRegion } from "../src/watch/terminal-region.ts";
import { decisionView, experimentView, runView, trialTable, trialView } from "./views.ts";

const epochs = (losses: readonly number[], from = 1): EpochsMessage => ({
  runId: "run_1",
  trialId: "tri_1",
  epochs: losses.map((validationLoss, index) => ({ epoch: from + index, trainingLoss: 1, validationLoss, learningRate: 0.001 })),
});
const scale = { maxEpochs: 20, patience: 4, lossFactor: 64 };
const progressOf = (...batches: readonly (readonly [EpochsMessage, number])[]) =>
  batches.reduce<RunProgress | undefined>((before, [message, atMs]) => afterEpochs(before, message, atMs), undefined) as RunProgress;

test("progress tells the epoch, the score in the target's unit and the best one", () => {
  expect(progressText(progressOf([epochs([1, 0.5, 0.625]), 0]), scale)).toBe("epoch 3 of at most 20, score 40 (best 32)");
  expect(progressText(progressOf([epochs([1, 0.5]), 0]), scale)).toBe("epoch 2 of at most 20, score 32");
});

test("time left lies between patience running out and the last epoch", () => {
  const progress = progressOf([epochs([1, 0.5, 0.6]), 0], [epochs([0.6, 0.7], 4), 1000]);
  // 2 epochs a second; best at epoch 2, so patience ends after epoch 6: one epoch more; 15 until epoch 20.
  expect(timeLeft(progress, scale)).toBe("0.5 s to 7.5 s");
});

test("a run that another worker trains again starts again", () => {
  const progress = progressOf([epochs([0.1, 0.2, 0.3]), 0], [epochs([0.9], 1), 500]);
  expect(progress).toMatchObject({ epoch: 1, bestLoss: 0.9, bestEpoch: 1, first: { epoch: 1, atMs: 500 } });
});

test("scores are multiplied into the target's unit only where the loss is a squared error of it", () => {
  expect(progressScale(experimentView())).toEqual({ maxEpochs: 20, patience: 2, lossFactor: 64 });
  expect(progressScale(experimentView({ task: "classification" })).lossFactor).toBe(1);
  expect(progressScale(experimentView({ engine: "scripted" })).lossFactor).toBe(1);
  expect(progressScale(experimentView({ spec: {} }))).toEqual({
    maxEpochs: Number.POSITIVE_INFINITY,
    patience: Number.POSITIVE_INFINITY,
    lossFactor: 1,
  });
});

const pictureOf = (trials: readonly TrialView[]): Picture => ({
  experiment: experimentView(),
  table: trialTable(trials),
  decisions: [],
  progress: new Map(),
});

test("decisions and trials are told in a sentence each", () => {
  const picture = pictureOf([trialView(1), trialView(2)]);
  expect(decisionSentence(decisionView(1), picture)).toBe("Decision 1: train 1×100. Reason 1.");
  const more = decisionView(2, { decision: { action: "ADD_RUNS", trial: 2, runs: [{}, {}] } });
  expect(decisionSentence(more, picture)).toBe("Decision 2: train 1×250 2 more times. Reason 2.");
  const finish = decisionView(3, { decision: { action: "FINISH", winner: 1 } });
  expect(decisionSentence(finish, picture)).toBe("Decision 3: Reason 3.");
  expect(trialSentence(trialView(1), picture)).toBe("Trial 1, 1×100 (901 parameters): mean squared error 5.4 after 12 epochs");
  const twice = trialView(1, { runs: [runView(), runView({ id: "run_2", epochs: 1204 })] });
  expect(trialSentence(twice, pictureOf([twice]))).toMatch(/ after 12 and 1,204 epochs$/);
  const diverged = trialView(2, { score: null, runs: [runView({ state: "DIVERGED" })] });
  expect(trialSentence(diverged, pictureOf([diverged]))).toBe("Trial 2, 1×250 (2,251 parameters): diverged, no score");
});

test("a trial whose recipe a decision changed is told with the changed one", () => {
  const trial = trialView(1, { state: "RUNNING" });
  const change = decisionView(2, { decision: { action: "CHANGE_RECIPE", trial: 1, change: { maxEpochs: 80 } } });
  const other = decisionView(3, { decision: { action: "CHANGE_RECIPE", trial: 2, change: { maxEpochs: 90 } } });
  const picture = { ...pictureOf([trial]), decisions: [change, other], progress: new Map([["run_1", progressOf([epochs([1]), 0])]]) };
  expect(progressSentences(picture)).toEqual(["training 1×100: epoch 1 of at most 80, score 64"]);
});

test("a run that is cut short is told with its own end, and its epochs are none of the score's", () => {
  const probe = runView({ id: "run_1", purpose: "probe", state: "RUNNING", maxEpochs: 5 });
  const progress = new Map([["run_1", progressOf([epochs([1]), 0])]]);
  const picture = { ...pictureOf([trialView(1, { state: "RUNNING", runs: [probe] })]), progress };
  expect(progressSentences(picture)).toEqual(["training 1×100: epoch 1 of at most 5, score 64"]);
  const fitted = trialView(1, { runs: [{ ...probe, state: "COMPLETED", epochs: 5 }, runView({ id: "run_2" })] });
  expect(trialSentence(fitted, pictureOf([fitted]))).toMatch(/ after 12 epochs$/);
});

/** A client whose experiment moves on by one event each time it is looked at after a batch. */
function clientOf(
  pictures: readonly Pick<Picture, "experiment" | "table" | "decisions">[],
  batches: readonly (readonly StreamMessage[])[],
) {
  let at = 0;
  const now = () => pictures[Math.min(at, pictures.length - 1)] as Picture;
  const client: Pick<Client, "experiment" | "trials" | "decisions" | "events"> = {
    experiment: async () => now().experiment,
    trials: async () => now().table,
    decisions: async () => ({ experimentId: "exp_1", decisions: [...now().decisions] }),
    async *events() {
      for (const batch of batches) {
        if (batch.some(({ kind }) => kind === "event")) at++;
        yield batch;
      }
    },
  };
  return client as Client;
}
const event = (sequence: number): StreamMessage => ({
  kind: "event",
  event: { experimentId: "exp_1", sequence, kind: "decision.made", data: {}, createdAt: "2026-01-01T00:00:00.000Z" } satisfies EventView,
});

test("following tells each decision and each ended trial once, and ends with the experiment", async () => {
  const running = trialView(1, { state: "RUNNING", score: null, nextStep: null, runs: [runView({ state: "RUNNING" })] });
  const pictures = [
    { experiment: experimentView({ state: "RUNNING" }), table: trialTable([running]), decisions: [decisionView(1)] },
    { experiment: experimentView({ state: "RUNNING" }), table: trialTable([trialView(1)]), decisions: [decisionView(1), decisionView(2)] },
    {
      experiment: experimentView({ state: "SUCCEEDED" }),
      table: trialTable([trialView(1)]),
      decisions: [decisionView(1), decisionView(2)],
    },
  ];
  const batches: StreamMessage[][] = [[{ kind: "epochs", epochs: epochs([0.5, 0.4]) }], [event(1)], [event(2)], [event(3)]];
  const lines: string[] = [];
  let clock = 0;
  const plain = plainWatcher(
    (line) => lines.push(line),
    () => (clock += 2500),
  );
  const last = await follow(clientOf(pictures, batches), "exp_1", plain, { signal: new AbortController().signal });
  expect(last.experiment.state).toBe("SUCCEEDED");
  expect(lines).toEqual([
    "Decision 1: train 1×100. Reason 1.",
    "  training 1×100: epoch 2 of at most 20, score 25.6",
    "Trial 1, 1×100 (901 parameters): mean squared error 5.4 after 12 epochs",
    "Decision 2: train 1×100. Reason 2.",
  ]);
  expect(last.progress.size).toBe(0);
});

test("what happened between two looks is told in the order in which it happened", async () => {
  const start = (sequence: number) => decisionView(sequence);
  const more = decisionView(3, { action: "ADD_RUNS", decision: { action: "ADD_RUNS", trial: 1, runs: [{}] } });
  const pictures = [
    { experiment: experimentView({ state: "RUNNING" }), table: trialTable([trialView(1)]), decisions: [] },
    { experiment: experimentView(), table: trialTable([trialView(1), trialView(2)]), decisions: [start(1), start(2), more] },
  ];
  const told: string[] = [];
  const watcher: Watcher = {
    decided: ({ sequence }) => told.push(`decision ${sequence}`),
    trialEnded: ({ number }) => told.push(`trial ${number}`),
    changed: () => {},
    reconnecting: () => {},
  };
  // At the first look the trial was read later than the decisions: it waits for the one that started it.
  await follow(clientOf(pictures, [[event(1)]]), "exp_1", watcher, { signal: new AbortController().signal });
  expect(told).toEqual(["decision 1", "trial 1", "decision 2", "trial 2", "decision 3"]);
});

test("an experiment that is over is told without waiting for events", async () => {
  const over = { experiment: experimentView(), table: trialTable(), decisions: [decisionView(1)] };
  const silent: Watcher = { decided: () => {}, trialEnded: () => {}, changed: () => {}, reconnecting: () => {} };
  const last = await follow(clientOf([over], []), "exp_1", silent, { signal: new AbortController().signal });
  expect(last.table.trials).toHaveLength(5);
});

test("whoever wants every event gets them all: of an experiment that is over, and where a look was ahead of them", async () => {
  const picture = (state: "RUNNING" | "SUCCEEDED") => ({ experiment: experimentView({ state }), table: trialTable(), decisions: [] });
  for (const pictures of [[picture("SUCCEEDED")], [picture("RUNNING"), picture("SUCCEEDED")]]) {
    const lines: string[] = [];
    const watcher = jsonWatcher((line) => lines.push(line));
    const last = await follow(clientOf(pictures, [[event(1)], [event(2)], [event(3)]]), "exp_1", watcher, {
      signal: new AbortController().signal,
    });
    expect(last.experiment.state).toBe("SUCCEEDED");
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 2, 3]);
  }
});

test("the event that tells the end is the last that is waited for", async () => {
  const over = { experiment: experimentView(), table: trialTable(), decisions: [] };
  const told = {
    ...event(2),
    event: { ...(event(2) as { event: EventView }).event, kind: "experiment.state", data: { state: "SUCCEEDED" } },
  };
  const lines: string[] = [];
  const watcher = jsonWatcher((line) => lines.push(line));
  await follow(clientOf([over], [[event(1)], [told as StreamMessage], [event(3)]]), "exp_1", watcher, {
    signal: new AbortController().signal,
  });
  expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 2]);
});

test("aborting ends the following with the reason", async () => {
  const running = { experiment: experimentView({ state: "RUNNING" }), table: trialTable([]), decisions: [] };
  const controller = new AbortController();
  const silent: Watcher = {
    decided: () => {},
    trialEnded: () => {},
    changed: () => controller.abort(new Error("enough")),
    reconnecting: () => {},
  };
  await expect(follow(clientOf([running], []), "exp_1", silent, { signal: controller.signal })).rejects.toThrow("enough");
});

test("a terminal of 80 characters shows every next step whole", () => {
  const drawn: string[] = [];
  const stream = { write: (text: string) => drawn.push(text), columns: 80, rows: 30 };
  const table = trialTable([1, 2, 3].map((number) => trialView(number, { winner: number === 3 })));
  liveWatcher(createTerminalRegion(stream)).changed({ experiment: experimentView(), table, decisions: [], progress: new Map() });
  const lines = drawn.join("").split("\n");
  expect(lines.filter((line) => line.endsWith("Increase capacity") || line.endsWith("Increase capacity  ◀ answer"))).toHaveLength(3);
  expect(lines.filter((line) => line.includes("…"))).toEqual([]);
});

test("the region is drawn again in place, lines above it stay, long lines are cut", () => {
  const written: string[] = [];
  const region = createTerminalRegion({ write: (text: string) => written.push(text), columns: 6, rows: 10 });
  region.draw(["one", "two"]);
  region.print(["said"]);
  region.draw(["longer than six"]);
  region.end();
  expect(written).toEqual([
    "\u001b[?25lone\ntwo\n",
    "\u001b[2A\r\u001b[Jsaid\none\ntwo\n",
    "\u001b[?25l\u001b[2A\r\u001b[Jlonge…\n",
    "\u001b[?25h",
  ]);
});
