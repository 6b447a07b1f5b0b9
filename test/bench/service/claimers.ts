/** A hundred claimers at once, each with a connection of its own: nothing is claimed twice. */
import { createPostgresStore } from "@rightsize/store";
import { claimOf, start } from "../../contract/store/world.ts";
import { createTestDatabase, startTestServer } from "../../support/postgres-server.ts";
import type { Part } from "./part.ts";
import { timesOf } from "./part.ts";

const claimers = 100;
const rounds = 20;

export const claimerPart: Part = {
  name: "claimers",
  what: `${claimers} claimers at once, each with its own connection`,
  async measure() {
    const server = await startTestServer();
    const database = await createTestDatabase(server);
    const stores = await Promise.all(Array.from({ length: claimers }, () => createPostgresStore({ url: database.url, poolSize: 1 })));
    try {
      const times: number[] = [];
      let doubles = 0;
      let unclaimed = 0;
      for (let round = 0; round < rounds; round++) {
        // All want the same one; then each of them wants any of ten.
        for (const count of [1, 10]) {
          const { assignments } = await start(
            stores[0] as (typeof stores)[0],
            Array.from({ length: count }, () => ["fit"] as const),
          );
          const from = performance.now();
          const answers = await Promise.all(stores.map((store, place) => claimOf(store, assignments[place % count], { by: `w${place}` })));
          times.push(performance.now() - from);
          for (let wanted = 0; wanted < count; wanted++) {
            const winners = answers.filter((answer, place) => place % count === wanted && "attempt" in answer).length;
            doubles += Math.max(0, winners - 1);
            if (winners === 0) unclaimed++;
          }
        }
      }
      return [
        { name: "claimed twice", value: doubles, unit: "", aim: 0 },
        { name: "claimed by nobody", value: unclaimed, unit: "", aim: 0 },
        ...timesOf("all 100 answered", times),
      ];
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await database.drop();
      await server.stop();
    }
  },
};
