/** The database's clock in a process whose own may be an hour off, or jump. */
import { expect, test } from "vitest";
import { createDatabaseClock } from "../src/database-clock.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("it is known after the first answer, runs with the steady clock, and is asked again once a minute", async () => {
  let steadyMs = 500;
  let databaseMs = 3_600_000;
  let asked = 0;
  const clock = createDatabaseClock(
    {
      clock: async () => {
        asked += 1;
        steadyMs += 10;
        return databaseMs;
      },
    },
    () => steadyMs,
  );
  expect(clock.now()).toBeNull();
  await settled();
  // Half of the question's 10 ms have passed since the database looked at its clock.
  expect(clock.now()).toBe(3_600_005);
  steadyMs += 1000;
  expect(clock.now()).toBe(3_601_005);
  expect(asked).toBe(1);
  steadyMs += 60_000;
  databaseMs = 7_200_000;
  clock.now();
  await settled();
  expect(clock.now()).toBe(7_200_005);
  expect(asked).toBe(2);
});

test("a database that doesn't answer leaves it as it was known", async () => {
  let steadyMs = 0;
  let away = false;
  const clock = createDatabaseClock({ clock: async () => (away ? Promise.reject(new Error("away")) : 1000) }, () => steadyMs);
  clock.now();
  await settled();
  away = true;
  steadyMs += 120_000;
  expect(clock.now()).toBe(121_000);
  await settled();
  expect(clock.now()).toBe(121_000);
});
