/** Speculation on real processes: two slots, the same experiment with it off and on. */
import { attemptListSchema } from "@rightsize/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, apiAt, rowsOf, smallTable } from "../support/api.ts";
import { courseScores, courseTable } from "../support/examples.ts";
import { startService, type TestService } from "../support/service.ts";

let service: TestService;
let api: Api;
beforeAll(async () => {
  service = await startService({ engines: ["scripted"], slots: 2, queue: "postgres", workers: 0 });
  api = apiAt(service.url);
});
afterAll(() => service?.close());

interface Curves {
  readonly runs: readonly { readonly epochs: unknown }[];
}

/** Runs the course's experiment on a worker of its own; durations make it a question of its own, so that nothing is reused. */
async function play(speculation: "on" | "off", epochMs: number) {
  const dataset = await api.upload("small.csv", smallTable());
  const worker = await service.startWorker({ RIGHTSIZE_SPECULATION: speculation });
  const runs = courseScores.map((run) => ({ ...run, epochs: 8, epochMs }));
  const { id } = await api.post({
    dataset: dataset.id,
    target: "y",
    search: { preset: "course" },
    engine: { name: "scripted", script: { runs, otherwise: { score: 9, epochs: 8, epochMs } } },
  });
  const { state, answer, speculation: use } = await api.ended(id);
  await service.killWorker(worker);
  const { trials } = await api.trials(id);
  const { decisions } = await api.decisions(id);
  const curves = await Promise.all(
    trials.map(async (trial) => JSON.parse(await api.text(`/v1/trials/${trial.id}/epochs`, "application/json")) as Curves),
  );
  const { attempts } = attemptListSchema.parse(JSON.parse(await api.text(`/v1/experiments/${id}/attempts`, "application/json")));
  return {
    use,
    attempts,
    rows: rowsOf(await api.trials(id)),
    told: {
      state,
      answer: { ...answer, modelArtifact: null, evaluationArtifact: null },
      numbers: trials.map(({ number }) => number),
      purposes: trials.map(({ runs: ofTrial }) => ofTrial.map(({ purpose, state: ended, epochs }) => [purpose, ended, epochs])),
      hashes: decisions.map(({ hash }) => hash),
      curves: curves.map(({ runs: ofTrial }) => ofTrial.map(({ epochs }) => epochs)),
    },
  };
}

test("the table, decisions and curves are the same, and with it on a run is there before it is asked for", async () => {
  const off = await play("off", 40);
  const on = await play("on", 41);
  expect(off.rows).toEqual(courseTable);
  expect(on.rows).toEqual(courseTable);
  expect(on.told).toEqual(off.told);
  expect(off.use).toEqual({ adoptedRuns: 0, unusedRuns: 0, adoptedMs: 0, unusedMs: 0 });
  expect(on.use?.adoptedRuns).toBeGreaterThan(0);
  expect(on.use?.adoptedMs).toBeGreaterThan(0);
  // The attempts say of each run what the totals count: with it off all were asked for before they began.
  expect(new Set(off.attempts.map(({ asked }) => asked))).toEqual(new Set(["before"]));
  const early = on.attempts.filter(({ asked }) => asked === "after");
  expect(new Set(early.flatMap(({ runIds }) => runIds)).size).toBe(on.use?.adoptedRuns);
  expect(early.every(({ trial, capacity }) => trial !== null && capacity !== null)).toBe(true);
  const inVain = on.attempts.filter(({ asked }) => asked === "never");
  expect(inVain.length > 0).toBe((on.use?.unusedMs ?? 0) > 0);
  expect(inVain.every(({ trial, capacity, runIds }) => trial === null && capacity !== null && runIds.length === 0)).toBe(true);
  expect(await api.text("/metrics", "text/plain")).toContain(`rightsize_speculative_runs{use="adopted"} ${on.use?.adoptedRuns}`);
});
