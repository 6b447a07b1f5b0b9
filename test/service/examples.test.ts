/** Every experiment of examples/ through the real service, and whether it shows what its file says to look for. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type EpochList,
  type ExperimentRequest,
  type ExperimentView,
  experimentRequestSchema,
  experimentViewSchema,
  type RunView,
  type TrialTable,
} from "@rightsize/contract";
import type { Diagnostics } from "@rightsize/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Api, apiAt } from "../support/api.ts";
import { startService, type TestService } from "../support/service.ts";
import { sharedFile } from "../support/shared.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const shipped = join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "../data");
/** Each table's file; the course's own aren't shipped. */
const tables: Readonly<Record<string, string>> = {
  "cars.json": join(shipped, "cars.json"),
  "penguins.json": join(shipped, "penguins.json"),
  "hourly_wages.csv": sharedFile("data/hourly_wages/data.csv"),
  "titanic_all_numeric.csv": sharedFile("data/titanic_numeric/data.csv"),
  "mnist.csv": sharedFile("data/datacamp_mnist/data.csv"),
};

const exampleSchema = z.strictObject({
  title: z.string().min(1),
  lookFor: z.string().regex(/^[^.?!]*(\.\d[^.?!]*)*\.$/, "one sentence"),
  data: z.enum(Object.keys(tables)),
  request: experimentRequestSchema.omit({ dataset: true }),
});
type Request = Omit<ExperimentRequest, "dataset">;
interface Example {
  readonly name: string;
  readonly data: string;
  readonly request: Request;
}

/** One experiment that has ended. */
interface Seen {
  readonly experiment: ExperimentView;
  readonly table: TrialTable;
  /** The trainings, in the order of the table. */
  readonly fits: readonly RunView[];
}

interface Lesson {
  readonly shows: string;
  /** `again` runs the example with parts of its request changed; `other` runs another example. */
  check(
    seen: Seen,
    more: { again(change: (request: Request) => Request): Promise<Seen>; other(name: string): Promise<Seen>; epochs: EpochList },
  ): void | Promise<void>;
}

const lessons: Readonly<Record<string, Lesson>> = {
  "learning-rates": {
    shows: "1e-6 is capped and underfitting, 0.01 learns, 1 diverges",
    check({ fits }) {
      const [small, right, large] = fits;
      expect(fits.map(({ learningRate }) => learningRate)).toEqual([1e-6, 0.01, 1]);
      expect(symptomsOf(small)).toEqual(["capped", "underfitting"]);
      expect(right?.validationLoss).toBeLessThan(0.5);
      expect(symptomsOf(right)).not.toContain("underfitting");
      expect([large?.state, large?.validationLoss]).toEqual(["DIVERGED", null]);
    },
  },
  "learning-rate-probes": {
    shows: "1e-6 and 1 are left out after 3 epochs, 0.01 is fitted, as a sweep finds for half as many epochs again",
    async check({ experiment, table: { trials }, fits }, { again }) {
      const runs = trials.flatMap((trial) => trial.runs);
      const probes = runs.filter(({ purpose }) => purpose === "probe");
      expect(probes.map(({ learningRate, maxEpochs, seed, capped }) => [learningRate, maxEpochs, seed, capped])).toEqual([
        [1e-6, 3, 1000, false],
        [0.01, 3, 1000, false],
        [1, 3, 1000, false],
      ]);
      expect(probes.map(({ epochs }) => epochs)).toEqual([3, 3, 3]);
      const [small, right, large] = probes.map(({ validationLoss }) => validationLoss ?? Number.NaN) as [number, number, number];
      expect(right).toBeLessThan(0.8 * small);
      expect(large).toBeGreaterThan(5 * small);
      expect(symptomsOf(probes[0])).toEqual([]);
      expect(fits).toMatchObject([{ learningRate: 0.01, seed: 0 }]);
      expect(fits[0]?.maxEpochs).toBeUndefined();
      expect(trials[0]?.score).toBe(fits[0]?.validationLoss);
      expect(experiment.answer?.delivered.members).toMatchObject([{ seed: 0, validationLoss: fits[0]?.validationLoss }]);
      const sweep = await again((request) => ({
        ...request,
        recipe: { ...request.recipe, learningRate: { kind: "sweep", values: [1e-6, 0.01, 1] } },
      }));
      expect(sweep.table.trials[0]?.score).toBe(trials[0]?.score);
      const epochs = (of: readonly RunView[]) =>
        of.filter(({ purpose }) => purpose !== "finalise").reduce((sum, run) => sum + run.epochs, 0);
      expect(epochs(runs)).toBeLessThan(epochs(sweep.fits) / 1.5);
    },
  },
  "dying-units": {
    shows: "dying_units at rate 1 on raw columns, living ones at 0.01 on scaled columns",
    async check({ fits }, { again }) {
      expect(symptomsOf(fits[0])).toContain("dying_units");
      expect(layersOf(fits[0]).map(({ deadFraction }) => deadFraction)).toEqual([1, 1]);
      const scaled = await again((request) => ({
        ...request,
        features: { ...request.features, scale: "standard" },
        recipe: { ...request.recipe, learningRate: { kind: "fixed", value: 0.01 } },
      }));
      expect(symptomsOf(scaled.fits[0])).not.toContain("dying_units");
      expect(scaled.fits[0]?.validationLoss).toBeLessThan(0.75 * (fits[0]?.validationLoss ?? 0));
    },
  },
  "vanishing-gradients": {
    shows: "vanishing_gradients with large initial weights, none with initialScale 1",
    async check({ fits }, { again }) {
      expect(symptomsOf(fits[0])).toContain("vanishing_gradients");
      for (const { saturatedFraction } of layersOf(fits[0])) expect(saturatedFraction).toBeGreaterThan(0.9);
      const small = await again((request) => ({ ...request, recipe: { ...request.recipe, initialScale: 1 } }));
      expect(symptomsOf(small.fits[0])).not.toContain("vanishing_gradients");
      expect(small.fits[0]?.validationLoss).toBeLessThan(0.6);
    },
  },
  "validation-split": {
    shows: "30 % of the rows only validate, and their loss turns up while the training loss falls",
    check({ experiment: { plan }, fits: [fit] }, { epochs }) {
      expect(plan.validationRows / (plan.trainingRows + plan.validationRows)).toBeCloseTo(0.3, 2);
      expect(plan.testRows).toBe(0);
      expect(symptomsOf(fit)).toContain("overfitting");
      const curve = epochs.runs[0]?.epochs ?? [];
      const best = curve.find(({ epoch }) => epoch === fit?.bestEpoch);
      const last = curve.at(-1);
      expect((last?.epoch ?? 0) - (best?.epoch ?? 0)).toBe(30);
      expect(last?.trainingLoss).toBeLessThan(best?.trainingLoss ?? 0);
      expect(last?.validationLoss).toBeGreaterThan(best?.validationLoss ?? 0);
    },
  },
  "early-stopping-patience-1": {
    shows: "it stops at the first epoch that is no better, sooner and worse than with patience 10",
    async check({ fits: [fit] }, { other, epochs }) {
      const losses = epochs.runs[0]?.epochs.map(({ validationLoss }) => validationLoss) ?? [];
      expect(losses).toHaveLength(fit?.epochs ?? 0);
      // Every epoch was better than all before it, but the last.
      expect(losses.findIndex((loss, at) => at > 0 && loss >= (losses[at - 1] as number))).toBe(losses.length - 1);
      const patient = (await other("early-stopping-patience-10")).fits[0];
      expect(fit?.epochs).toBeLessThan(patient?.epochs ?? 0);
      expect(fit?.validationLoss).toBeGreaterThan(patient?.validationLoss ?? 0);
    },
  },
  "early-stopping-patience-10": {
    shows: "it runs several times longer than with patience 1, and keeps the weights of the best epoch",
    async check({ fits: [fit] }, { other, epochs }) {
      const losses = epochs.runs[0]?.epochs.map(({ validationLoss }) => validationLoss) ?? [];
      expect(losses.length - (fit?.bestEpoch ?? 0)).toBe(10);
      expect(fit?.validationLoss).toBeCloseTo(Math.min(...losses), 5);
      const impatient = (await other("early-stopping-patience-1")).fits[0];
      expect(fit?.epochs).toBeGreaterThan(3 * (impatient?.epochs ?? 0));
    },
  },
  "capacity-cars": {
    shows: "the course's rule, row by row",
    check({ table }) {
      followsTheCourse(table);
    },
  },
  "capacity-hourly-wages": {
    shows: "the course's rule, and a linear model that is about as good on the test rows",
    check({ table, experiment: { answer } }) {
      followsTheCourse(table);
      const linear = answer?.baselines.find(({ name }) => name === "linear")?.test?.loss ?? 0;
      expect(Math.abs((answer?.test?.loss ?? 0) / linear - 1)).toBeLessThan(0.1);
    },
  },
  "classification-penguins": {
    shows: "nearly all species told right, and a linear model with a lower log loss",
    check({ table, experiment: { answer } }) {
      followsTheCourse(table);
      expect(answer?.test?.metrics.accuracy).toBeGreaterThan(0.9);
      const linear = answer?.baselines.find(({ name }) => name === "linear");
      for (const { score } of table.trials) expect(linear?.validation.loss).toBeLessThan(score ?? 0);
    },
  },
  "classification-titanic": {
    shows: "four of five told right against three of five, and a warning of repeated rows",
    check({ table, experiment: { answer, plan } }) {
      followsTheCourse(table);
      expect(answer?.test?.metrics.accuracy).toBeGreaterThan(0.75);
      const always = answer?.baselines.find(({ name }) => name === "mean");
      expect(always?.test?.metrics.accuracy).toBeLessThan(0.65);
      expect(plan.warnings.join()).toMatch(/test rows equal a training row/);
    },
  },
  "digits-mnist": {
    shows: "four of five digits told right, constant pixels left out, overfitting named",
    check({ table, fits, experiment: { answer, plan } }) {
      expect(plan.inputs + plan.leftOut.length).toBe(784);
      expect(plan.leftOut.length).toBeGreaterThan(100);
      expect(table.trials.length).toBeLessThanOrEqual(3);
      expect(answer?.test?.metrics.accuracy).toBeGreaterThan(0.8);
      for (const fit of fits) expect(symptomsOf(fit)).toContain("overfitting");
    },
  },
};

const examples = readdirSync(join(root, "examples"))
  .filter((file) => file.endsWith(".json"))
  .map((file): Example => {
    const raw = JSON.parse(readFileSync(join(root, "examples", file), "utf8")) as Example;
    const parsed = exampleSchema.safeParse(raw);
    if (!parsed.success) throw new Error(`examples/${file}: ${z.prettifyError(parsed.error)}`);
    return { name: basename(file, ".json"), data: raw.data, request: raw.request };
  });

test("every example has a lesson here and a place in examples/README.md", () => {
  expect(examples.map(({ name }) => name).sort()).toEqual(Object.keys(lessons).sort());
  const readme = readFileSync(join(root, "examples/README.md"), "utf8");
  for (const { name } of examples) expect(readme).toContain(`${name}.json`);
});

describe("examples on the onnx engine", () => {
  let service: TestService;
  let api: Api;
  const ended = new Map<string, Promise<Seen>>();
  beforeAll(async () => {
    service = await startService({ engines: ["onnx"], slots: 2, queue: "postgres" });
    api = apiAt(service.url);
  });
  afterAll(() => service?.close());

  async function run(data: string, request: Request): Promise<Seen> {
    const dataset = await api.upload(data, readFileSync(tables[data] as string));
    const { id } = await api.post({ ...request, dataset: dataset.id });
    const experiment = await api.ended(id, 60_000);
    expect([experiment.state, experiment.stateReason]).toEqual(["SUCCEEDED", null]);
    const table = await api.trials(id);
    return { experiment, table, fits: table.trials.flatMap(({ runs }) => runs.filter(({ purpose }) => purpose === "fit")) };
  }
  function exampleNamed(name: string): Promise<Seen> {
    const { data, request } = examples.find((example) => example.name === name) as Example;
    const seen = ended.get(name) ?? run(data, request);
    ended.set(name, seen);
    return seen;
  }

  for (const [name, { shows, check }] of Object.entries(lessons)) {
    const { data, request } = examples.find((example) => example.name === name) as Example;
    const missing = existsSync(tables[data] as string) ? "" : ` (skipped: ../shared/data has no ${data})`;
    test.skipIf(missing !== "")(`${name}: ${shows}${missing}`, async () => {
      const seen = await exampleNamed(name);
      const trial = seen.table.trials[0]?.id ?? "";
      await check(seen, {
        again: (change) => run(data, change(request)),
        other: exampleNamed,
        epochs: JSON.parse(await api.text(`/v1/trials/${trial}/epochs`, "application/json")) as EpochList,
      });
    });
  }

  test("the command line runs an example's file and says what to look for", async () => {
    const { code, said, printed } = await rightsize(
      "run",
      tables["cars.json"] as string,
      "--spec",
      "examples/learning-rates.json",
      "--no-model",
    );
    expect(said).toContain("Look for: At 0.000001 training is capped");
    expect(printed).toContain("2×50 is the best size");
    expect(code).toBe(0);
  });

  test("other options override the file's request", async () => {
    const options = ["--target", "Horsepower", "--preset", "course", "--seed", "7", "--detach", "--json"];
    const { code, printed } = await rightsize("run", tables["cars.json"] as string, "--spec", "examples/learning-rates.json", ...options);
    expect(code).toBe(0);
    const experiment = experimentViewSchema.parse(JSON.parse(printed));
    expect(experiment).toMatchObject({ name: "Learning rates: too small, right, too large", target: "Horsepower", preset: "course" });
    // The rest is the file's; the grid's parameters went with the grid.
    expect(experiment.spec).toMatchObject({
      seed: 7,
      recipe: { maxEpochs: 20, patience: 5 },
      search: { parameters: { nodes: [100, 250] } },
    });
    await api.ended(experiment.id);
  });

  /** The built command, as users run it from the project's folder: what it printed, and what it said beside that (stderr). */
  function rightsize(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly printed: string; readonly said: string }> {
    const child = spawn(process.execPath, [join(root, "apps/cli/dist/main.js"), ...args, "--url", service.url], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" },
    });
    const text = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (part: string) => {
        text[stream] += part;
      });
    return new Promise((resolve) => child.once("close", (code) => resolve({ code, printed: text.stdout, said: text.stderr })));
  }
});

/** Rows that are strictly better than all before climb; the first that isn't steps back; the last is done, and the least score wins. */
function followsTheCourse({ trials }: TrialTable): void {
  const scores = trials.map(({ score }) => score ?? Number.POSITIVE_INFINITY);
  const failed = scores.findIndex((score, at) => at > 0 && score >= Math.min(...scores.slice(0, at)));
  const expected = scores.map((_, at) => (failed < 0 || at < failed ? "INCREASE_CAPACITY" : "DECREASE_CAPACITY"));
  expect(trials.map(({ nextStep }) => nextStep)).toEqual([...expected.slice(0, -1), "DONE"]);
  expect(failed < 0 ? 0 : trials.length - 1 - failed).toBeLessThanOrEqual(1);
  expect(trials.findIndex(({ winner }) => winner)).toBe(scores.indexOf(Math.min(...scores)));
}

function symptomsOf(run: RunView | undefined): readonly string[] {
  return ((run?.diagnostics ?? null) as Diagnostics | null)?.symptoms.map(({ symptom }) => symptom) ?? [];
}

function layersOf(run: RunView | undefined): Diagnostics["layers"] {
  return ((run?.diagnostics ?? null) as Diagnostics | null)?.layers ?? [];
}
