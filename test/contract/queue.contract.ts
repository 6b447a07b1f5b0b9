/** What every queue promises: one suite over memory, BullMQ on Postgres and BullMQ on Redis. */
import type { AssignmentId, Queue, QueueJob } from "@rightsize/core";
import { afterEach, describe, expect, test } from "vitest";
import { eventually, gate, sleep } from "./queue-helpers.ts";

export interface QueueUnderTest {
  /** A queue with no jobs, opened anew. */
  open(): Promise<Queue>;
  /** Loses all jobs, as FLUSHALL or truncated tables would. */
  empty(queue: Queue): Promise<void>;
}

export function job(assignment: string, priority = 1, dispatch = 1): QueueJob {
  return { assignmentId: `asg_${assignment}` as AssignmentId, dispatch, priority };
}
const nameOf = (given: QueueJob): string => given.assignmentId.slice("asg_".length);

export function queueContract(kind: string, subject: () => QueueUnderTest): void {
  describe(`a queue (${kind})`, () => {
    const opened: Queue[] = [];
    async function openQueue(): Promise<Queue> {
      const queue = await subject().open();
      opened.push(queue);
      return queue;
    }
    afterEach(async () => {
      for (const queue of opened.splice(0)) await queue.close();
    });

    /** Consumes one job at a time and notes their names in order. */
    async function noteAll(queue: Queue): Promise<string[]> {
      const names: string[] = [];
      await queue.consume(async (given) => void names.push(nameOf(given)), { concurrency: 1 });
      return names;
    }
    const isEmpty = async (queue: Queue): Promise<boolean> => {
      const { waiting, active } = await queue.depth();
      return waiting + active === 0;
    };

    test("hands a job over whole: its assignment, its dispatch and its priority", async () => {
      const queue = await openQueue();
      const seen: QueueJob[] = [];
      await queue.consume(async (given) => void seen.push(given), { concurrency: 1 });
      await queue.publish([{ assignmentId: "asg_1f" as AssignmentId, dispatch: 7, priority: 1_003 }]);
      await eventually(() => seen.length === 1);
      expect(seen[0]).toEqual({ assignmentId: "asg_1f", dispatch: 7, priority: 1_003 });
    });

    test("hands the most urgent over first, and of equal urgency the one that came first", async () => {
      const queue = await openQueue();
      await queue.publish([job("speculative", 1_000), job("fit", 10), job("other-fit", 10)]);
      await queue.publish([job("late-but-urgent", 1), job("also-fit", 10), job("last", 2_000_000)]);
      const names = await noteAll(queue);
      await eventually(() => names.length === 6);
      expect(names).toEqual(["late-but-urgent", "fit", "other-fit", "also-fit", "speculative", "last"]);
    });

    test("keeps that order in a batch of many", async () => {
      const queue = await openQueue();
      const batch = Array.from({ length: 40 }, (_, index) => job(`${index}`, 1 + ((index * 7) % 5)));
      await queue.publish(batch);
      const names = await noteAll(queue);
      await eventually(() => names.length === batch.length);
      expect(names).toEqual([...batch].sort((a, b) => a.priority - b.priority).map(nameOf));
    });

    test("runs as many handlers at once as asked for, never more", async () => {
      const queue = await openQueue();
      let running = 0;
      let most = 0;
      let ended = 0;
      await queue.publish(Array.from({ length: 15 }, (_, index) => job(`${index}`)));
      await queue.consume(
        async () => {
          running += 1;
          most = Math.max(most, running);
          await sleep(20);
          running -= 1;
          ended += 1;
        },
        { concurrency: 3 },
      );
      await eventually(() => ended === 15);
      expect(most).toBe(3);
    });

    test("gives a free slot a new job while another handler is still at work", async () => {
      const queue = await openQueue();
      const long = gate();
      const seen: string[] = [];
      await queue.consume(
        async (given) => {
          seen.push(nameOf(given));
          if (nameOf(given) === "long") await long.opened;
        },
        { concurrency: 2 },
      );
      await queue.publish([job("long")]);
      await eventually(() => seen.includes("long"));
      for (const name of ["short-1", "short-2", "short-3"]) await queue.publish([job(name)]);
      await eventually(() => seen.length === 4);
      long.open();
      await eventually(() => isEmpty(queue));
    });

    test("shares the jobs among its consumers, each job to one of them", async () => {
      const queue = await openQueue();
      const seen: string[][] = [[], [], []];
      for (const mine of seen) {
        await queue.consume(
          async (given) => {
            mine.push(nameOf(given));
            await sleep(2);
          },
          { concurrency: 2 },
        );
      }
      const names = Array.from({ length: 60 }, (_, index) => `${index}`);
      await queue.publish(names.map((name) => job(name)));
      await eventually(() => seen.flat().length >= 60 && isEmpty(queue));
      expect(seen.flat().sort()).toEqual([...names].sort());
      expect(seen.filter((mine) => mine.length > 0).length).toBeGreaterThan(1);
    });

    test("is silent about a job that is published again while it waits or runs, and runs it again once it has ended", async () => {
      const queue = await openQueue();
      await queue.publish([job("a")]);
      await queue.publish([job("a"), job("a")]);
      const hold = gate();
      let runs = 0;
      await queue.consume(
        async () => {
          runs += 1;
          if (runs === 1) await hold.opened;
        },
        { concurrency: 4 },
      );
      await eventually(() => runs === 1);
      await queue.publish([job("a")]);
      // A second run would have started by now.
      await sleep(150);
      expect(runs).toBe(1);
      hold.open();
      await eventually(() => isEmpty(queue));
      expect(runs).toBe(1);
      await queue.publish([job("a")]);
      await eventually(() => runs === 2);
    });

    test("takes another dispatch of an assignment for another job", async () => {
      const queue = await openQueue();
      await queue.publish([job("a", 1, 1), job("a", 1, 2)]);
      const names = await noteAll(queue);
      await eventually(() => names.length === 2);
    });

    test("ends a job whose handler throws, says nothing, and goes on with the next", async () => {
      const queue = await openQueue();
      const seen: string[] = [];
      await queue.consume(
        (given) => {
          seen.push(nameOf(given));
          if (nameOf(given) === "throws") throw new Error("at once");
          return Promise.reject(new Error("later"));
        },
        { concurrency: 1 },
      );
      await queue.publish([job("throws", 1), job("rejects", 2), job("after", 3)]);
      await eventually(() => seen.length === 3 && isEmpty(queue));
      await sleep(100);
      expect(seen).toEqual(["throws", "rejects", "after"]);
      await queue.publish([job("throws")]);
      await eventually(() => seen.length === 4);
    });

    test("counts the jobs that wait and those being handled", async () => {
      const queue = await openQueue();
      expect(await queue.depth()).toEqual({ waiting: 0, active: 0 });
      await queue.publish([job("a"), job("b"), job("c", 1_000)]);
      expect(await queue.depth()).toEqual({ waiting: 3, active: 0 });
      const hold = gate();
      await queue.consume(() => hold.opened, { concurrency: 2 });
      await eventually(async () => (await queue.depth()).active === 2);
      expect(await queue.depth()).toEqual({ waiting: 1, active: 2 });
      hold.open();
      await eventually(() => isEmpty(queue));
    });

    test("a consumer that closes waits for its handlers and takes no further job; another consumer does", async () => {
      const queue = await openQueue();
      const hold = gate();
      const seen: string[] = [];
      const consumer = await queue.consume(
        async (given) => {
          seen.push(nameOf(given));
          await hold.opened;
          seen.push(`${nameOf(given)} ended`);
        },
        { concurrency: 1 },
      );
      await queue.publish([job("a", 1), job("b", 2)]);
      await eventually(() => seen.length === 1);
      const closed = consumer.close().then(() => seen.push("closed"));
      await sleep(100);
      expect(seen).toEqual(["a"]);
      hold.open();
      await closed;
      expect(seen).toEqual(["a", "a ended", "closed"]);
      await sleep(100);
      expect(await queue.depth()).toEqual({ waiting: 1, active: 0 });
      const names = await noteAll(queue);
      await eventually(() => names.length === 1);
      expect(names).toEqual(["b"]);
    });

    test("a consumer that closes does not wait longer than told", async () => {
      const queue = await openQueue();
      let started = false;
      const consumer = await queue.consume(
        () => {
          started = true;
          return new Promise(() => {});
        },
        { concurrency: 1 },
      );
      await queue.publish([job("never-ends")]);
      await eventually(() => started);
      const from = performance.now();
      await consumer.close(300);
      const tookMs = performance.now() - from;
      expect(tookMs).toBeGreaterThan(280);
      expect(tookMs).toBeLessThan(900);
    });

    test("closing twice is silent; what is closed is unavailable", async () => {
      const queue = await openQueue();
      await queue.check();
      await (await queue.consume(async () => {}, { concurrency: 1 })).close();
      await queue.close();
      await queue.close();
      await expect(queue.publish([job("a")])).rejects.toMatchObject({ code: "unavailable" });
      await expect(queue.depth()).rejects.toMatchObject({ code: "unavailable" });
      await expect(queue.check()).rejects.toMatchObject({ code: "unavailable" });
      await expect(queue.consume(async () => {}, { concurrency: 1 })).rejects.toMatchObject({ code: "unavailable" });
    });

    test("publishing nothing is silent; an id that BullMQ would refuse is refused", async () => {
      const queue = await openQueue();
      await queue.publish([]);
      await expect(queue.publish([job("with:colon")])).rejects.toMatchObject({ code: "internal" });
      expect(await queue.depth()).toEqual({ waiting: 0, active: 0 });
    });

    test("loses its jobs when it is emptied, and the consumer takes new ones: the same ids too, while a lost job's handler still runs", async () => {
      const queue = await openQueue();
      const hold = gate();
      const seen: string[] = [];
      await queue.consume(
        async (given) => {
          seen.push(nameOf(given));
          if (seen.length <= 2) await hold.opened;
        },
        { concurrency: 2 },
      );
      await queue.publish([job("a", 1), job("b", 2), job("lost", 3)]);
      await eventually(() => seen.length === 2);
      await subject().empty(queue);
      expect((await queue.depth()).waiting).toBe(0);
      await queue.publish([job("a", 1), job("new", 2)]);
      hold.open();
      await eventually(() => seen.length === 4);
      expect(seen).toEqual(["a", "b", "a", "new"]);
      await eventually(() => isEmpty(queue));
      await queue.publish([job("lost")]);
      await eventually(() => seen.length === 5);
    });

    test("wakes a consumer that has been idle for long", async () => {
      const queue = await openQueue();
      let arrivedAt = 0;
      await queue.consume(
        async () => {
          arrivedAt = performance.now();
        },
        { concurrency: 1 },
      );
      // Emptied while the consumer sleeps: a wake-up mark must not have been lost with the jobs.
      await subject().empty(queue);
      const waits: number[] = [];
      for (const idleMs of [300, 2_700, 100]) {
        await sleep(idleMs);
        arrivedAt = 0;
        const from = performance.now();
        await queue.publish([job(`after-${idleMs}`)]);
        await eventually(() => arrivedAt > 0);
        waits.push(arrivedAt - from);
      }
      expect(Math.max(...waits)).toBeLessThan(500);
    });
  });
}
