/** What the API shows of a stored decision, also of one that a limit forced. */
import { decisionListSchema } from "@rightsize/contract";
import type { ExperimentId, Finish, IsoTime, Sha256, StoredDecision } from "@rightsize/core";
import { expect, it } from "vitest";
import { decisionView } from "../src/views/trial-view.ts";

const evidence = { rule: "limit", comparisons: [], scores: [], numbers: {} };
const decision: Finish = { action: "FINISH", about: 1, winner: 1, verdict: "limit", reason: "The limit of 3 trials is reached", evidence };
const stored = (limit: StoredDecision["limit"]): StoredDecision => ({
  experimentId: "exp_1" as ExperimentId,
  sequence: 4,
  decision,
  text: "{}",
  hash: "0".repeat(64) as Sha256,
  limit,
  createdAt: "2026-01-01T00:00:00.000Z" as IsoTime,
});

it("the limit that forced a decision is shown with it, and null where there was none", () => {
  const views = [decisionView(stored({ kind: "trials", limit: 3 })), decisionView(stored(null))];
  expect(views.map(({ limit }) => limit)).toEqual([{ kind: "trials", limit: 3 }, null]);
  expect(decisionListSchema.safeParse({ experimentId: "exp_1", decisions: views }).success).toBe(true);
});
