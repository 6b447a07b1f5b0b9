/** One contract, two stores: in memory on a clock of the test's own, and in a real Postgres on its real clock. */

import type { Store } from "@rightsize/core";
import { createMemoryStore, createPostgresStore } from "@rightsize/store";
import { Client } from "pg";
import { afterAll, beforeAll, describe } from "vitest";
import { withPostgres } from "../support/postgres.ts";
import { checkpointsContract } from "./store/checkpoints.contract.ts";
import { curveContract } from "./store/curve.contract.ts";
import { experimentsContract } from "./store/experiments.contract.ts";
import { keysContract } from "./store/keys.contract.ts";
import { listsContract } from "./store/lists.contract.ts";
import { outboxContract } from "./store/outbox.contract.ts";
import { reconcileContract } from "./store/reconcile.contract.ts";
import { removeContract } from "./store/remove.contract.ts";
import { resultsContract } from "./store/results.contract.ts";
import { reuseContract } from "./store/reuse.contract.ts";
import { speculationContract } from "./store/speculation.contract.ts";
import { timeLimitsContract } from "./store/time-limits.contract.ts";
import { trainedRunsContract } from "./store/trained-runs.contract.ts";
import { workContract } from "./store/work.contract.ts";
import type { OpenWorld } from "./store/world.ts";

function storeContract(open: OpenWorld): void {
  experimentsContract(open);
  listsContract(open);
  workContract(open);
  resultsContract(open);
  checkpointsContract(open);
  curveContract(open);
  reconcileContract(open);
  outboxContract(open);
  keysContract(open);
  removeContract(open);
  reuseContract(open);
  speculationContract(open);
  trainedRunsContract(open);
  timeLimitsContract(open);
}

describe("the store in memory", () => {
  storeContract(async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const store = createMemoryStore({ now: () => nowMs });
    return {
      store,
      async pass(milliseconds) {
        nowMs += milliseconds;
      },
      close: () => store.close(),
    };
  });
});

describe("the store in Postgres", () => {
  const postgres = withPostgres();
  let store: Store;
  let administrator: Client;
  beforeAll(async () => {
    const url = await postgres.newDatabase();
    store = await createPostgresStore({ url, poolSize: 8 });
    administrator = new Client({ connectionString: url });
    await administrator.connect();
  });
  afterAll(async () => {
    await administrator.end();
    await store.close();
  });
  storeContract(async () => {
    await administrator.query(
      "DELETE FROM experiments; DELETE FROM datasets; DELETE FROM workers; DELETE FROM counters; DELETE FROM api_keys; DELETE FROM unneeded_checkpoints; DELETE FROM left_artifacts",
    );
    return {
      store,
      pass: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      close: async () => {},
    };
  });
});
