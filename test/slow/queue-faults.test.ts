/**
 * What the queue does when its server goes away, comes back, freezes, forgets or refuses: `npm run test:queue-faults`. Jobs may be lost
 * then; the queue may not. Last run: 2026-11-22, Postgres and Redis, 22 passed in about 80 s.
 */
import { spawn } from "node:child_process";
import type { Queue } from "@rightsize/core";
import { createBullQueue, type QueueTuning } from "@rightsize/queue";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { job } from "../contract/queue.contract.ts";
import { eventually, gate, sleep } from "../contract/queue-helpers.ts";
import { freshName, type QueueServer, startPostgresServer, startRedisServer } from "../contract/queue-servers.ts";
import { noRedis } from "../support/redis.ts";

const opened: Queue[] = [];
afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
});
async function open(server: QueueServer, name = freshName(), tuning: Partial<QueueTuning> = {}): Promise<Queue> {
  const queue = await createBullQueue({ backend: server.backend, name, tuning: { answerWithinMs: 1_000, ...tuning } });
  opened.push(queue);
  return queue;
}
/** Publishes as the dispatcher does: again and again until it is taken. */
async function publishUntilTaken(queue: Queue, name: string): Promise<void> {
  await eventually(
    () =>
      queue.publish([job(name)]).then(
        () => true,
        () => false,
      ),
    20_000,
  );
}
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function faults(kind: string, startServer: () => Promise<QueueServer>): void {
  describe(`the queue's server fails (${kind})`, () => {
    let server: QueueServer;
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(() => server?.remove());

    for (const how of [undefined, "crash"] as const) {
      test(`a consumer goes on by itself after its server ${how === "crash" ? "crashed" : "restarted"}, three times over`, async () => {
        const queue = await open(server);
        const seen: string[] = [];
        await queue.consume(async (given) => void seen.push(given.assignmentId), { concurrency: 2 });
        for (const round of ["1", "2", "3"]) {
          await queue.publish([job(`before-${round}`)]);
          await eventually(() => seen.includes(`asg_before-${round}`));
          await server.stop(how);
          await sleep(round === "2" ? 1_500 : 0);
          await server.start();
          const tookMs = await timed(async () => {
            await publishUntilTaken(queue, `after-${round}`);
            await eventually(() => seen.includes(`asg_after-${round}`));
          });
          expect(tookMs).toBeLessThan(4_000);
        }
      });
    }

    test("a job whose handler outlives a restart ends once; it does not run again", async () => {
      const queue = await open(server);
      const hold = gate();
      let runs = 0;
      await queue.consume(
        async () => {
          runs += 1;
          await hold.opened;
        },
        { concurrency: 1 },
      );
      await queue.publish([job("long")]);
      await eventually(() => runs === 1);
      // Redis writes its file every second.
      await sleep(1_200);
      await server.stop();
      hold.open();
      await sleep(500);
      await server.start();
      await eventually(async () => {
        const depth = await queue.depth().catch(() => ({ waiting: 1, active: 1 }));
        return depth.waiting + depth.active === 0;
      }, 8_000);
      await sleep(300);
      expect(runs).toBe(1);
    });

    test("publish, depth and check say `unavailable` while the server is away or frozen, soon, and work again afterwards", async () => {
      const queue = await open(server);
      for (const [leave, back] of [
        [() => server.stop(), () => server.start()],
        [async () => server.freeze(), async () => server.thaw()],
      ] as const) {
        await queue.check();
        await leave();
        try {
          for (const ask of [() => queue.publish([job("a")]), () => queue.depth(), () => queue.check()]) {
            const tookMs = await timed(() => expect(ask()).rejects.toMatchObject({ code: "unavailable" }));
            expect(tookMs).toBeLessThan(2_000);
          }
        } finally {
          await back();
        }
        await publishUntilTaken(queue, "b");
      }
    });

    for (const state of ["gone", "frozen"] as const) {
      test(`close ends in time with the server ${state}, idle or with a handler that never ends`, async () => {
        const idle = await open(server);
        await idle.consume(async () => {}, { concurrency: 2 });
        const busy = await open(server);
        let started = false;
        const consumer = await busy.consume(
          () => {
            started = true;
            return new Promise(() => {});
          },
          { concurrency: 2 },
        );
        await busy.publish([job("never-ends")]);
        await eventually(() => started);
        if (state === "gone") await server.stop();
        else server.freeze();
        try {
          expect(await timed(() => idle.close())).toBeLessThan(3_000);
          expect(await timed(() => consumer.close(500))).toBeLessThan(1_000);
          expect(await timed(() => busy.close())).toBeLessThan(2_000);
        } finally {
          if (state === "gone") await server.start();
          else server.thaw();
        }
      });
    }

    test("a job whose worker was killed comes back to another worker within 20 s", async () => {
      const name = freshName();
      const queue = await open(server, name);
      await queue.publish([job("orphan")]);
      const victim = runChild("take-and-hold", server, name);
      await victim.said("took");
      victim.process.kill("SIGKILL");
      let taken = false;
      await queue.consume(
        async () => {
          taken = true;
        },
        { concurrency: 1 },
      );
      const tookMs = await timed(() => eventually(() => taken, 25_000));
      console.log(`${kind}: a killed worker's job came back after ${(tookMs / 1_000).toFixed(1)} s`);
      expect(tookMs).toBeLessThan(20_000);
    });

    test("a job whose worker lives is not taken from it, however long it runs", async () => {
      const queue = await open(server, freshName(), { lockMs: 2_000, stalledMs: 1_000 });
      const hold = gate();
      let runs = 0;
      for (let consumers = 0; consumers < 2; consumers += 1) {
        await queue.consume(
          async () => {
            runs += 1;
            await hold.opened;
          },
          { concurrency: 1 },
        );
      }
      await queue.publish([job("long")]);
      // Locks run out and stalled jobs are looked for several times over.
      await sleep(7_000);
      expect(runs).toBe(1);
      hold.open();
    });

    test("a process that closes its queue ends by itself, with the server there and with the server gone", async () => {
      const there = runChild("open-and-close", server, freshName());
      expect(await there.ended).toBe(0);
      const gone = runChild("open-and-close-later", server, freshName());
      await gone.said("consuming");
      await server.stop();
      gone.process.stdin?.end("close\n");
      const tookMs = await timed(() => gone.ended);
      await server.start();
      expect(await gone.ended).toBe(0);
      expect(tookMs).toBeLessThan(5_000);
    });
  });
}

function runChild(what: string, server: QueueServer, name: string) {
  const script = new URL("./queue-child.ts", import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=source", script, what, server.backend.kind, server.backend.url, name],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { process: child, ended, said: (word: string) => eventually(() => output.includes(word), 15_000) };
}

faults("Postgres", startPostgresServer);

describe("the queue's schema is dropped", () => {
  test("publishing and consuming lay it again", async () => {
    const server = await startPostgresServer();
    try {
      const queue = await open(server);
      const seen: string[] = [];
      await queue.consume(async (given) => void seen.push(given.assignmentId), { concurrency: 1 });
      await queue.publish([job("before")]);
      await eventually(() => seen.length === 1);
      await server.sql("DROP SCHEMA bullmq CASCADE");
      await publishUntilTaken(queue, "after");
      await eventually(() => seen.length === 2, 20_000);
      for (const queue of opened.splice(0)) await queue.close();
    } finally {
      await server.remove();
    }
  });

  test("opening says `unavailable` where there is no Postgres", async () => {
    const backend = { kind: "postgres", url: "postgres://nobody@127.0.0.1:9/nothing" } as const;
    await expect(createBullQueue({ backend })).rejects.toMatchObject({ code: "unavailable" });
  });
});

const reason = noRedis();
describe.skipIf(reason !== null)(`Redis${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  faults("Redis", startRedisServer);

  describe("Redis alone", () => {
    let server: QueueServer & { command(line: string): Promise<string> };
    beforeAll(async () => {
      server = await startRedisServer();
    });
    afterAll(() => server?.remove());

    test("a queue that is opened while Redis is away begins when Redis comes", async () => {
      await server.stop();
      const queue = await open(server);
      await expect(queue.check()).rejects.toMatchObject({ code: "unavailable" });
      const seen: string[] = [];
      await queue.consume(async (given) => void seen.push(given.assignmentId), { concurrency: 1 });
      await server.start();
      await publishUntilTaken(queue, "a");
      await eventually(() => seen.length === 1);
    });

    test("a Redis that refuses writes makes publish say `unavailable`, and the consumer doesn't spin", async () => {
      const queue = await open(server);
      const seen: string[] = [];
      await queue.consume(async (given) => void seen.push(given.assignmentId), { concurrency: 1 });
      await server.command("CONFIG SET maxmemory 1");
      await expect(queue.publish([job("a")])).rejects.toMatchObject({ code: "unavailable" });
      const calls = async (): Promise<number> => Number(/total_commands_processed:(\d+)/.exec(await server.command("INFO stats"))?.[1]);
      const before = await calls();
      await sleep(3_000);
      expect((await calls()) - before).toBeLessThan(100);
      await server.command("CONFIG SET maxmemory 0");
      await publishUntilTaken(queue, "a");
      await eventually(() => seen.length === 1);
    });
  });
});
