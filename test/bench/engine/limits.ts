/**
 * bench:engine:limits — what a warm trainer child costs beside its steps: the first step of a new capacity, memory with a large
 * table, sessions made and released without growth, small runs together, two workers side by side. `--json` prints a summary as its last line.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createEngine, trainRun, trainRuns } from "@rightsize/engine";
import { type BenchCase, cases, jobOf, ourEpochs } from "./cases.ts";

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, child: { type: "string" }, sessions: { type: "string", default: "5000" } },
});
const shape: BenchCase = {
  name: "",
  features: 20,
  nodes: 100,
  layers: 2,
  outputs: 1,
  batch: 128,
  rows: 2000,
  optimizer: "adam",
  epochs: 1,
};
const megabytes = () => process.memoryUsage().rss / 2 ** 20;
const oneStep = (job: ReturnType<typeof jobOf>) => [
  { rows: job.rows.training.subarray(0, job.recipe.batchSize as number), learningRate: 0.001, step: 1 },
];
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** Milliseconds from a new capacity's arrival to its first step's end, in a process that has trained before. */
async function firstStepMs(): Promise<number> {
  const engine = await createEngine("onnx");
  const times: number[] = [];
  for (let nodes = 40; nodes < 240; nodes += 10) {
    const job = jobOf({ ...shape, nodes });
    const start = performance.now();
    const session = await engine.open(job.network, job.tensors, { seed: 1 });
    await session.train(oneStep(job));
    times.push(performance.now() - start);
    await session.dispose();
  }
  await engine.close();
  return median(times.slice(2));
}

/** Resident memory of a child that trained an epoch on a million rows of 20 features, and the growth over sessions. */
async function largeTable(): Promise<{ readonly megabytes: number }> {
  const engine = await createEngine("onnx");
  await ourEpochs(engine, jobOf({ ...shape, rows: 800_000 }), 1);
  globalThis.gc?.();
  const seen = megabytes();
  await engine.close();
  return { megabytes: seen };
}

async function sessionGrowth(count: number): Promise<{ readonly sessions: number; readonly growthMegabytes: number }> {
  const engine = await createEngine("onnx");
  const jobs = Array.from({ length: 20 }, (_, index) => jobOf({ ...shape, rows: 200, nodes: 8 + index }));
  let warm = 0;
  for (let made = 0; made < count; made++) {
    const job = jobs[made % jobs.length] as (typeof jobs)[0];
    const session = await engine.open(job.network, job.tensors, { seed: made });
    await session.train(oneStep(job));
    await session.dispose();
    if (made === Math.floor(count / 5)) warm = megabytes();
  }
  const growthMegabytes = megabytes() - warm;
  await engine.close();
  return { sessions: count, growthMegabytes };
}

/** Epochs per CPU second of this process on the 8-250-250-250 case. */
async function epochRate(): Promise<number> {
  const engine = await createEngine("onnx");
  const one = cases.find(({ name }) => name.startsWith("8-250")) as BenchCase;
  const seconds = await ourEpochs(engine, jobOf(one), 4);
  await engine.close();
  return 1 / median(seconds);
}

/** CPU seconds of 16 runs of 8-32 one after another over the CPU seconds of the same runs together, through the whole train loop. */
async function fusedSpeedUp(): Promise<number> {
  const epochs = 15;
  const engine = await createEngine("onnx");
  const one: BenchCase = { ...shape, features: 8, nodes: 32, layers: 1, batch: 32, rows: 4000 };
  const base = jobOf(one);
  const jobs = Array.from({ length: 16 }, (_, seed) => ({ ...base, seed, recipe: { ...base.recipe, maxEpochs: epochs } }));
  const hooks = { onEpoch: () => {}, signal: new AbortController().signal, now: () => performance.now() };
  const cpuSeconds = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  const together = () =>
    cpuSeconds(() =>
      trainRuns(
        engine,
        jobs.map((job) => ({ job, hooks })),
      ),
    );
  const alone = () =>
    cpuSeconds(async () => {
      for (const job of jobs) await trainRun(engine, job, hooks);
    });
  const ratios: number[] = [];
  for (let round = 0; round < 10; round++) ratios.push((await alone()) / (await together()));
  await engine.close();
  return median(ratios.slice(2));
}

const tasks = { firstStepMs, fusedSpeedUp, largeTable, epochRate, sessionGrowth: () => sessionGrowth(Number(options.sessions)) } as const;
type TaskName = keyof typeof tasks;

/** Runs a task in a child process of its own and gives back its answer. */
function inChild<Name extends TaskName>(task: Name): Promise<Awaited<ReturnType<(typeof tasks)[Name]>>> {
  const child = fork(fileURLToPath(import.meta.url), ["--child", task, "--sessions", options.sessions], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  return new Promise((resolve, reject) => {
    child.on("message", (answer) => resolve(answer as Awaited<ReturnType<(typeof tasks)[Name]>>));
    child.on("exit", (code) => reject(new Error(`the child ended with code ${code}`)));
  });
}

async function main(): Promise<void> {
  if (options.child !== undefined) {
    process.send?.(await tasks[options.child as TaskName]());
    return;
  }
  const first = await inChild("firstStepMs");
  console.log(`first step of a new capacity in a warm child: ${first.toFixed(1)} ms`);
  const fused = await inChild("fusedSpeedUp");
  console.log(`16 runs of 8-32 together: ${fused.toFixed(2)} times faster than one after another`);
  const memory = await inChild("largeTable");
  console.log(`resident memory of a child with 1M x 20 floats: ${memory.megabytes.toFixed(0)} MB`);
  const growth = await inChild("sessionGrowth");
  console.log(`${growth.sessions} sessions: resident memory grew by ${growth.growthMegabytes.toFixed(1)} MB after the first fifth`);
  // in pairs that take turns, so that what else the machine does weighs on both sides
  const ratios: number[] = [];
  for (let pair = 0; pair < 5; pair++) {
    const alone = await inChild("epochRate");
    const [one, other] = await Promise.all([inChild("epochRate"), inChild("epochRate")]);
    ratios.push((one + other) / 2 / alone);
    console.log(
      `epochs per CPU second: alone ${alone.toFixed(2)}, each of two side by side ${one.toFixed(2)} and ${other.toFixed(2)}, ratio ${ratios.at(-1)?.toFixed(2)}`,
    );
  }
  const ratio = median(ratios);
  if (options.json) {
    console.log(
      JSON.stringify({ firstStepMs: first, fusedSpeedUp: fused, largeTableMegabytes: memory.megabytes, ...growth, sideBySideRatio: ratio }),
    );
  }
}
await main();
