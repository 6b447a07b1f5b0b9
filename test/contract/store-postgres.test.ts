/** What only a real Postgres can do to its store: restart, lose an acknowledgement, cut the line; and how its schema is kept. */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomIds, type Signal, type Store } from "@rightsize/core";
import { createPostgresStore, migrate, requireSchema, startEmbeddedPostgres } from "@rightsize/store";
import { Client } from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { withPostgres } from "../support/postgres.ts";
import { proxyTo, type SpoiltLine } from "./store/proxy.ts";
import {
  claimOf,
  codeOf,
  complete,
  decisionOf,
  drain,
  epochsOf,
  eventLines,
  longLeaseMs,
  nothing,
  resultOf,
  snapshotOf,
  start,
  take,
  until,
} from "./store/world.ts";

const postgres = withPostgres();
const migrations = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openStore(url: string, poolSize = 4): Promise<Store> {
  const store = await createPostgresStore({ url, poolSize });
  closing.push(() => store.close());
  return store;
}
async function ask<Row>(url: string, sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql, [...values])).rows as Row[];
  } finally {
    await client.end();
  }
}
/** A database without any table. */
async function emptyDatabase(): Promise<string> {
  const url = await postgres.newDatabase();
  await ask(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  return url;
}

describe("a Postgres that restarts", () => {
  test("is found again by itself: `unavailable` meanwhile, nothing committed is lost, signals come again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rightsize-restart-"));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    let server = await startEmbeddedPostgres({ folder });
    closing.push(() => server.stop());
    await migrate(server.url);
    const store = await openStore(server.url);
    const heard: Signal[] = [];
    await store.subscribe((signal) => void heard.push(signal));
    const { id, assignments, runs } = await start(store, [["fit", "fit"]]);
    const claim = await take(store, assignments[0]);
    await complete(store, claim, runs[0]);
    await store.work.appendEpochs(claim, epochsOf(runs[1], 1, 3));

    for (const end of [() => process.kill(server.processId, "SIGKILL"), () => server.stop()]) {
      // Reads and writes under way while it ends: they fail as `unavailable`, or they succeed; nothing else.
      const under = Promise.all(
        Array.from({ length: 20 }, () =>
          codeOf(store.experiments.advance(id, () => ({ ...nothing, events: [{ kind: "trial.completed", data: {} }] }))),
        ),
      );
      end();
      expect(["none", "unavailable"]).toEqual(expect.arrayContaining([...new Set(await under)]));
      await until(async () => (await codeOf(store.check())) === "unavailable");
      expect(await codeOf(store.work.heartbeat(claim, longLeaseMs))).toBe("unavailable");
      expect(await codeOf(store.work.epochs(runs[1] as never, 0, 10))).toBe("unavailable");
      expect(await codeOf(store.experiments.find(null, id))).toBe("unavailable");
      const { port } = server;
      await server.stop();
      server = await startEmbeddedPostgres({ folder, port });

      await until(async () => (await codeOf(store.check())) === "none");
      expect(await store.work.heartbeat(claim, longLeaseMs)).toBe("continue");
      const snapshot = await snapshotOf(store, id);
      expect(snapshot.runs.map((run) => run.state)).toEqual(["COMPLETED", "RUNNING"]);
      expect((await store.work.epochs(runs[1] as never, 0, 3)).length).toBe(3);
      const events = await store.experiments.events(id, 0, 1000);
      expect(events.map((event) => event.sequence)).toEqual(events.map((_, place) => place + 1));
      expect(events).toHaveLength(snapshot.experiment.eventCount);

      // The listener's own connection heals too: it says `outbox` because a dispatch may have been missed.
      await until(async () => {
        heard.length = 0;
        await store.work.appendEpochs(claim, epochsOf(runs[1], 4, 4));
        await new Promise((resolve) => setTimeout(resolve, 50));
        return heard.some((signal) => signal.kind === "epochs");
      });
    }
  });

  test("a store may be opened and closed while there is none", async () => {
    const store = await createPostgresStore({ url: "postgresql://nobody:nothing@127.0.0.1:9/none" });
    const unsubscribe = await store.subscribe(() => {});
    expect(await codeOf(store.check())).toBe("unavailable");
    expect(await codeOf(store.outbox.relay(1, async () => {}))).toBe("unavailable");
    expect(await codeOf(migrate("postgresql://nobody:nothing@127.0.0.1:9/none"))).toBe("unavailable");
    await unsubscribe();
    await store.close();
  });
});

describe("a line that is not reliable", () => {
  async function throughProxy(): Promise<{ store: Store; direct: Store; proxy: SpoiltLine }> {
    const url = await postgres.newDatabase();
    const proxy = await proxyTo(url);
    closing.push(() => proxy.close());
    return { store: await openStore(proxy.url), direct: await openStore(url), proxy };
  }

  test("a result whose acknowledgement is lost is stored once, and the retry is silent", async () => {
    const { store, direct, proxy } = await throughProxy();
    const { id, assignments, runs } = await start(store);
    const claim = await take(store, assignments[0]);
    proxy.swallowAnswerTo("COMMIT");
    expect(await codeOf(complete(store, claim, runs[0]))).toBe("unavailable");
    expect((await snapshotOf(direct, id)).runs[0]?.state, "it was committed").toBe("COMPLETED");
    expect(await codeOf(complete(store, claim, runs[0]))).toBe("none");
    proxy.swallowAnswerTo("COMMIT");
    expect(await codeOf(store.work.endAttempt(claim, "completed", null))).toBe("unavailable");
    expect(await codeOf(store.work.endAttempt(claim, "completed", null))).toBe("none");
    expect((await eventLines(store, id)).filter((line) => line.endsWith("run.ended"))).toHaveLength(1);
    expect(await store.work.staleWriteCount()).toBe(0);
  });

  test("a decision whose acknowledgement is lost is made once", async () => {
    const { store, proxy } = await throughProxy();
    const { id } = await start(store);
    const decideOnce = () =>
      store.experiments.advance(id, ({ decisions }) => (decisions.length === 1 ? { ...nothing, decision: decisionOf(2) } : null));
    proxy.swallowAnswerTo("COMMIT");
    expect(await codeOf(decideOnce())).toBe("unavailable");
    expect(await decideOnce()).toBe(false);
    expect((await snapshotOf(store, id)).decisions).toHaveLength(2);
  });

  test("epochs whose acknowledgement is lost are stored once", async () => {
    const { store, proxy } = await throughProxy();
    const { assignments, runs } = await start(store);
    const claim = await take(store, assignments[0]);
    proxy.swallowAnswerTo("WITH held");
    expect(await codeOf(store.work.appendEpochs(claim, epochsOf(runs[0], 1, 5)))).toBe("unavailable");
    await store.work.appendEpochs(claim, epochsOf(runs[0], 1, 5));
    expect(await store.work.epochs(runs[0] as never, 0, 10)).toHaveLength(5);
  });

  test("a dispatch whose acknowledgement is lost is published again: at least once", async () => {
    const { store, direct, proxy } = await throughProxy();
    const { assignments } = await start(store);
    const published: string[] = [];
    proxy.cut();
    await until(async () => (await codeOf(store.check())) === "none");
    const relay = () => store.outbox.relay(10, async (items) => void published.push(...items.map((item) => item.assignmentId)));
    proxy.swallowAnswerTo("DELETE FROM outbox");
    expect(await codeOf(relay())).toBe("unavailable");
    // The server notices the cut and rolls back.
    await until(async () => (await direct.outbox.relay(10, () => Promise.reject(new Error("only looking"))).catch(() => 1)) === 1);
    expect(await relay()).toBe(1);
    expect(published).toEqual([assignments[0], assignments[0]]);
  });

  test("a line that falls silent is given up after a while, and work goes on when it speaks again", async () => {
    const url = await postgres.newDatabase();
    const proxy = await proxyTo(url);
    closing.push(() => proxy.close());
    const store = await createPostgresStore({ url: proxy.url, poolSize: 2, queryTimeoutMs: 300 });
    closing.push(() => store.close());
    const { assignments, runs } = await start(store);
    const claim = await take(store, assignments[0]);
    proxy.silence();
    const codes = await Promise.all([
      codeOf(store.work.heartbeat(claim, longLeaseMs)),
      codeOf(complete(store, claim, runs[0])),
      codeOf(store.experiments.find(null, claim.experiment.id)),
      codeOf(store.check()),
    ]);
    expect(codes).toEqual(Array(4).fill("unavailable"));
    proxy.speak();
    await until(async () => (await codeOf(complete(store, claim, runs[0]))) === "none");
    expect((await snapshotOf(store, claim.experiment.id)).runs[0]?.state).toBe("COMPLETED");
  });

  test("cut connections are replaced", async () => {
    const { store, proxy } = await throughProxy();
    const { assignments } = await start(store);
    for (let round = 0; round < 5; round++) {
      proxy.cut();
      await until(async () => (await codeOf(store.check())) === "none");
    }
    expect(await claimOf(store, assignments[0])).toMatchObject({ attempt: 1 });
  });
});

test("a takeover waits for a batch of epochs that is being written: none lands after it", async () => {
  const url = await postgres.newDatabase();
  const store = await openStore(url);
  const { assignments, runs } = await start(store);
  const zombie = await take(store, assignments[0], { leaseMs: 1 });
  // Somebody's unfinished row holds the batch up in the middle.
  const blocker = new Client({ connectionString: url });
  await blocker.connect();
  closing.push(() => blocker.end());
  await blocker.query("BEGIN");
  await blocker.query(
    "INSERT INTO epochs (run_id, epoch, attempt, training_loss, validation_loss, learning_rate) VALUES ($1, 2, 1, 0, 0, 0)",
    [runs[0]],
  );
  const batch = codeOf(store.work.appendEpochs(zombie, epochsOf(runs[0], 1, 3)));
  await new Promise((resolve) => setTimeout(resolve, 200));
  let taken = false;
  const heir = take(store, assignments[0], { by: "two" }).then((claim) => {
    taken = true;
    return claim;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(taken).toBe(false);
  await blocker.query("ROLLBACK");
  expect(await batch).toBe("none");
  expect((await heir).attempt).toBe(2);
  expect(await store.work.epochs(runs[0] as never, 0, 10)).toHaveLength(3);
});

test.each(["stops", "adopts"] as const)(
  "whoever %s a run waits for a batch of its epochs that is being written, and the batch for nobody",
  async (what) => {
    const url = await postgres.newDatabase();
    const store = await openStore(url);
    const { id, assignments, runs, trialId } = await start(store);
    const claim = await take(store, assignments[0]);
    const adopted = randomIds("run");
    const speculative = randomIds("assignment");
    const run = {
      id: adopted,
      trialId,
      contentHash: "1".repeat(64) as never,
      purpose: "fit",
      seed: 5,
      fold: 0,
      learningRate: 0.1,
    } as const;
    const speculate = [{ id: speculative, trialId, priority: 1000, runs: [run] }];
    await store.experiments.advance(id, () => ({ ...nothing, speculate }));
    await take(store, speculative);
    const [assignmentId, runId] = what === "stops" ? [claim.assignmentId, runs[0]] : [speculative, adopted];
    const plan =
      what === "stops"
        ? { stop: [{ runId: runId as never, result: resultOf(null) }] }
        : { adopt: [{ runId: adopted, decision: 1, position: 1, purpose: "fit" as const, priority: 10 }] };

    const writer = new Client({ connectionString: url });
    await writer.connect();
    closing.push(() => writer.end());
    await writer.query("BEGIN");
    await writer.query("SET LOCAL lock_timeout = 500");
    await writer.query("SELECT 1 FROM assignments WHERE id = $1 FOR SHARE", [assignmentId]);
    const wrote = store.experiments.advance(id, () => ({ ...nothing, ...plan }));
    await until(
      async () =>
        (await ask(url, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).length > 0,
    );
    await writer.query("UPDATE runs SET epochs = 2 WHERE id = $1", [runId]);
    await writer.query("COMMIT");
    expect(await wrote).toBe(true);
    expect((await snapshotOf(store, id)).runs.find((one) => one.id === runId)).toMatchObject({ epochs: 2, decision: 1 });
  },
);

describe("the schema", () => {
  test("what the migrations make is what prisma/schema.prisma says", async () => {
    const { schemaDiff } = (await import("../../packages/store/scripts/schema-diff.mjs" as string)) as {
      schemaDiff(url: string): Promise<string>;
    };
    const url = await postgres.newDatabase();
    expect(await schemaDiff(url)).toBe("");
    await ask(url, "ALTER TABLE runs DROP COLUMN fold");
    expect(await schemaDiff(url), "and the comparison can fail").toContain('ADD COLUMN     "fold"');
  });

  test("is migrated once, by five servers that start at the same moment", async () => {
    const url = await emptyDatabase();
    const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(url)));
    const names = readdirSync(migrations, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
    expect(applied.flat().sort()).toEqual(names.sort());
    expect(await migrate(url)).toEqual([]);
  });

  test("of the version before runs could be stopped keeps its runs, and lets them be stopped", async () => {
    const url = await emptyDatabase();
    // Without this one alone: the store of today needs the columns that came after it.
    const stopping = "20261130020000_runs_stopped_by_a_limit";
    const before = folderWith({});
    rmSync(join(before, stopping), { recursive: true });
    expect(await migrate(url, { folder: before })).not.toContain(stopping);
    const older = await createPostgresStore({ url });
    closing.push(() => older.close());
    const { id, assignments, runs } = await start(older, [["fit", "fit"]]);
    const claim = await take(older, assignments[0]);
    await complete(older, claim, runs[0]);
    const [done] = (await snapshotOf(older, id)).runs;
    expect(await migrate(url)).toEqual([stopping]);
    const stop = [{ runId: runs[1] as never, result: resultOf(null) }];
    await older.experiments.advance(id, () => ({ ...nothing, stop }));
    const after = (await snapshotOf(older, id)).runs;
    expect(after[0]).toEqual(done);
    expect(after[1]).toMatchObject({ state: "STOPPED", result: { validationLoss: null } });
  });

  test("is recorded as Prisma records it", async () => {
    const url = await emptyDatabase();
    const [name] = await migrate(url);
    const checksum = createHash("sha256")
      .update(readFileSync(join(migrations, name ?? "", "migration.sql")))
      .digest("hex");
    const rows = await ask(url, `SELECT *, length(id) AS "idLength" FROM "_prisma_migrations" ORDER BY started_at LIMIT 1`);
    expect(rows).toMatchObject([
      { migration_name: name, checksum, idLength: 36, logs: null, rolled_back_at: null, applied_steps_count: 1 },
    ]);
    expect((rows[0] as { finished_at: Date | null }).finished_at).toBeInstanceOf(Date);
  });

  /** A migrations folder of our own: the real ones and then these. */
  function folderWith(more: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), "rightsize-migrations-"));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(migrations, folder, { recursive: true });
    for (const [name, sql] of Object.entries(more)) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "migration.sql"), sql);
    }
    return folder;
  }

  test("of a database that is newer refuses an older program, and one that is older refuses a worker", async () => {
    const url = await emptyDatabase();
    expect(await codeOf(requireSchema(url)), "nothing is there yet").toBe("conflict");
    await migrate(url);
    expect(await codeOf(requireSchema(url))).toBe("none");
    const folder = folderWith({ "29990101000000_later": "CREATE TABLE later (id int)" });
    expect(await codeOf(requireSchema(url, { folder }))).toBe("conflict");
    expect(await migrate(url, { folder })).toEqual(["29990101000000_later"]);
    await expect(migrate(url)).rejects.toMatchObject({ code: "conflict", issues: [{ received: "29990101000000_later" }] });
    await expect(requireSchema(url)).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("newer") });
  });

  test("a migration that fails leaves nothing of itself, and the next start tries it again", async () => {
    const url = await emptyDatabase();
    const broken = folderWith({ "29990101000000_later": "CREATE TABLE later (id int); SELECT 1 / 0" });
    expect(await codeOf(migrate(url, { folder: broken }))).toBe("internal");
    expect(await ask(url, "SELECT to_regclass('later') AS later, to_regclass('runs') IS NOT NULL AS runs")).toEqual([
      { later: null, runs: true },
    ]);
    const mended = folderWith({ "29990101000000_later": "CREATE TABLE later (id int)" });
    expect(await migrate(url, { folder: mended })).toEqual(["29990101000000_later"]);
  });

  test("a migration that was changed after it was applied is refused", async () => {
    const url = await emptyDatabase();
    await migrate(url, { folder: folderWith({ "29990101000000_later": "CREATE TABLE later (id int)" }) });
    const changed = folderWith({ "29990101000000_later": "CREATE TABLE later (id bigint)" });
    await expect(migrate(url, { folder: changed })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("changed"),
    });
  });

  test("each migration keeps the data of the versions before", async () => {
    const url = await emptyDatabase();
    const names = readdirSync(migrations, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
    const folder = mkdtempSync(join(tmpdir(), "rightsize-migrations-"));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    for (const [place, name] of names.sort().entries()) {
      cpSync(join(migrations, name), join(folder, name), { recursive: true });
      expect(await migrate(url, { folder })).toEqual([name]);
      if (place > 0) continue;
      await ask(
        url,
        `INSERT INTO experiments (id, owner, spec, plan, policy_version) VALUES ('exp_old', 'alice', '{"engine":{"name":"scripted"}}', '{}', 'p');
         INSERT INTO trials (id, experiment_id, number, hidden_layers, nodes_per_layer, parameter_count, speculative, recipe)
           VALUES ('tri_old', 'exp_old', 1, 2, 250, 70000, false, '{}');
         INSERT INTO assignments (id, experiment_id, trial_id, priority) VALUES ('asg_old', 'exp_old', 'tri_old', 10);
         INSERT INTO runs (id, experiment_id, trial_id, assignment_id, content_hash, purpose, seed, fold, learning_rate, decision, position)
           VALUES ('run_old', 'exp_old', 'tri_old', 'asg_old', 'hash', 'fit', 7, 0, 0.001, 1, 0);`,
      );
    }
    const store = await openStore(url);
    expect(await take(store, "asg_old" as never)).toMatchObject({
      trial: { id: "tri_old", capacity: { hiddenLayers: 2, nodesPerLayer: 250 } },
      runs: [{ id: "run_old", seed: 7, decision: 1, position: 0 }],
    });
    expect((await snapshotOf(store, "exp_old" as never)).speculative).toEqual({ trials: [], runs: [] });
    expect(await store.work.speculativeAmong(["asg_old" as never])).toEqual([]);
  });

  test("times don't shift with the database's time zone", async () => {
    const url = await postgres.newDatabase();
    await ask(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET timezone = 'Asia/Kolkata'`);
    const store = await openStore(url);
    const { id } = await start(store);
    const experiment = await store.experiments.find(null, id);
    expect(Math.abs(Date.parse(experiment?.createdAt ?? "") - Date.now())).toBeLessThan(60_000);
    expect((await snapshotOf(store, id)).experiment.createdAt).toBe(experiment?.createdAt);
    expect(await drain(store)).toHaveLength(1);
  });
});
