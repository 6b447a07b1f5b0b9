/**
 * What the store does in a second on a real (embedded, durable) Postgres: claims, epochs, the steps between two runs.
 * `npx tsx --conditions=source test/bench/service/store-throughput.ts [--json]`
 */
import { createPostgresStore } from "@rightsize/store";
import { assignmentOf, claimOf, complete, decisionOf, drain, epochsOf, nothing, start, take } from "../../contract/store/world.ts";
import { createTestDatabase, startTestServer } from "../../support/postgres-server.ts";

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

async function measure(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const server = await startTestServer();
  const database = await createTestDatabase(server);
  const store = await createPostgresStore({ url: database.url, poolSize: 4 });
  const quantile = (times: readonly number[], share: number) =>
    [...times].sort((a, b) => a - b)[Math.floor(share * (times.length - 1))] ?? 0;
  try {
    {
      const { assignments } = await start(store);
      const started = performance.now();
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => claimOf(store, assignments[0], { by: `w${n}` })));
      figures.push({ name: "100 claimers of one assignment, all answered", value: performance.now() - started, unit: "ms" });
      figures.push({ name: "winners among them", value: answers.filter((answer) => "attempt" in answer).length, unit: "" });
    }
    {
      const { assignments } = await start(
        store,
        Array.from({ length: 500 }, () => ["fit"] as const),
      );
      const started = performance.now();
      await Promise.all(assignments.map((id) => take(store, id)));
      figures.push({ name: "claims of one experiment", value: 500 / ((performance.now() - started) / 1000), unit: "/s" });
    }
    for (const batch of [10, 100, 1000]) {
      const { assignments, runs } = await start(store, [Array(4).fill("fit")]);
      const claim = await take(store, assignments[0]);
      const total = batch * 100;
      const started = performance.now();
      await Promise.all(
        runs.map(async (run) => {
          for (let from = 1; from <= total / 4; from += batch) await store.work.appendEpochs(claim, epochsOf(run, from, from + batch - 1));
        }),
      );
      figures.push({ name: `epochs in batches of ${batch}`, value: total / ((performance.now() - started) / 1000), unit: "/s" });
    }
    {
      const { id, trialId, assignments, runs } = await start(store);
      let claim = await take(store, assignments[0]);
      let run = runs[0];
      await drain(store);
      const steps: Record<string, number[]> = { completeRun: [], endAttempt: [], advance: [], relay: [], claim: [], "all five": [] };
      const timed = async <Result>(name: string, work: () => Promise<Result>) => {
        const from = performance.now();
        const result = await work();
        steps[name]?.push(performance.now() - from);
        return result;
      };
      for (let n = 0; n < 200; n++) {
        const next = assignmentOf(trialId, n + 2, ["fit"]);
        await timed("all five", async () => {
          await timed("completeRun", () => complete(store, claim, run));
          await timed("endAttempt", () => store.work.endAttempt(claim, "completed", null));
          await timed("advance", () =>
            store.experiments.advance(id, ({ decisions }) => ({
              ...nothing,
              decision: decisionOf(decisions.length + 1),
              assignments: [next],
              events: [{ kind: "decision.made", data: {} }],
            })),
          );
          await timed("relay", () => drain(store));
          claim = await timed("claim", () => take(store, next.id));
        });
        run = next.runs[0]?.id;
      }
      for (const [name, times] of Object.entries(steps)) {
        figures.push({ name: `${name}, p50`, value: quantile(times, 0.5), unit: "ms" });
        figures.push({ name: `${name}, p99`, value: quantile(times, 0.99), unit: "ms" });
      }
    }
  } finally {
    await store.close();
    await database.drop();
    await server.stop();
  }
  return figures;
}

const figures = await measure();
if (process.argv.includes("--json")) console.log(JSON.stringify({ store: figures }));
else
  for (const { name, value, unit } of figures) console.log(`${name.padEnd(48)} ${value.toFixed(value < 100 ? 2 : 0).padStart(10)} ${unit}`);
