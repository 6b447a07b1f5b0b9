/** The harness of faults is tested by breaking the product: without the attempt guard, F3 must report violations. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { zombieFault } from "../faults/f03-zombie.ts";
import { environmentWithoutGuard } from "../faults/without-guard.ts";
import { startWorld, type World } from "../faults/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld("postgres");
});
afterAll(() => world?.close());

test("without the attempt guard F3 finds a result of a stale attempt", async () => {
  const broken = await zombieFault(environmentWithoutGuard()).run(world, 0);
  expect(broken.join("\n")).toMatch(/I5: a result was written by an attempt that had ended before/);
});
