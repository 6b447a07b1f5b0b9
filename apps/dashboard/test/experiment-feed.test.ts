/** The feed: it loads once, fetches only what changed, and gets there even when a request fails or an event comes meanwhile. */
import type { DecisionList, EventView, ExperimentView, TrialTable } from "@rightsize/contract";
import { describe, expect, it } from "vitest";
import { ApiProblem, localProblem } from "../src/api-client.ts";
import { type FeedDependencies, openFeed } from "../src/experiment-feed.ts";
import type { LiveOptions } from "../src/live-connection.ts";

const experiment = (eventCount: number, state: ExperimentView["state"] = "RUNNING") =>
  ({ id: "exp_1", eventCount, state }) as ExperimentView;
const table = { experimentId: "exp_1", trials: [] } as unknown as TrialTable;
const decisions = { experimentId: "exp_1", decisions: [] } as DecisionList;
const settle = () => new Promise((resolve) => setTimeout(resolve, 12));
const event = (sequence: number, kind: EventView["kind"]) => ({
  kind: "event" as const,
  event: { experimentId: "exp_1", sequence, kind, data: {}, createdAt: "" },
});

function stand(state: ExperimentView["state"] = "RUNNING") {
  const asked: string[] = [];
  const connections: LiveOptions[] = [];
  let failures = 0;
  let refusing: number | null = null;
  const note =
    <Value>(name: string, value: Value) =>
    async () => {
      asked.push(name);
      if (refusing !== null) throw new ApiProblem(localProblem("The API key was revoked", "It was.", "", refusing));
      if (failures > 0) {
        failures -= 1;
        throw new TypeError("network");
      }
      return value;
    };
  const dependencies: FeedDependencies = {
    reader: {
      experiment: note("experiment", experiment(5, state)),
      trials: note("trials", table),
      decisions: note("decisions", decisions),
      eventsPath: () => "/events",
    },
    connect: (options) => {
      connections.push(options);
      return () => {};
    },
    noticeMs: 0,
    retryMs: 1,
  };
  return {
    feed: openFeed("exp_1", dependencies),
    asked,
    connections,
    fail: (times: number) => {
      failures = times;
    },
    refuse: (status: number) => {
      refusing = status;
    },
  };
}

describe("a feed", () => {
  it("reads the experiment first, and listens behind the events that it knew", async () => {
    const { feed, asked, connections } = stand();
    await settle();
    expect(asked).toEqual(["experiment", "trials", "decisions"]);
    expect(connections[0]?.lastSequence()).toBe(5);
    feed.close();
  });

  it("fetches only the table when a run ends", async () => {
    const { feed, asked, connections } = stand();
    await settle();
    asked.length = 0;
    connections[0]?.dispatch(event(6, "run.ended"));
    await settle();
    expect(asked).toEqual(["trials"]);
    feed.close();
  });

  it("fetches once for a burst of events, and once more for those that came meanwhile", async () => {
    const { feed, asked, connections } = stand();
    await settle();
    asked.length = 0;
    for (let sequence = 6; sequence < 30; sequence++) connections[0]?.dispatch(event(sequence, "run.ended"));
    await settle();
    expect(asked).toEqual(["trials", "trials"]);
    feed.close();
  });

  it("tries again when a fetch after an event fails: nothing is missed", async () => {
    const { feed, asked, connections, fail } = stand();
    await settle();
    asked.length = 0;
    fail(2);
    connections[0]?.dispatch(event(6, "run.ended"));
    await expect.poll(() => asked).toEqual(["trials", "trials", "trials"]);
    feed.close();
  });

  it("doesn't listen to an experiment that is over", async () => {
    const { feed, connections } = stand("SUCCEEDED");
    await settle();
    expect(connections).toHaveLength(0);
    expect(feed.state().live.connection).toBe("ended");
    feed.close();
  });

  it("tells why its stream was refused beside what it knows, and asks no more", async () => {
    const { feed, asked, connections, refuse } = stand();
    await settle();
    asked.length = 0;
    refuse(401);
    connections[0]?.dispatch({ kind: "refused" });
    await settle();
    await settle();
    expect(feed.state()).toMatchObject({ experiment: { id: "exp_1" }, problem: { status: 401 }, live: { connection: "refused" } });
    expect(asked.sort()).toEqual(["decisions", "experiment", "trials"]);
    feed.close();
  });

  it("tries again where the service is only busy", async () => {
    const { feed, asked, connections, refuse } = stand();
    await settle();
    asked.length = 0;
    refuse(503);
    connections[0]?.dispatch(event(6, "run.ended"));
    await expect.poll(() => asked.length).toBeGreaterThan(2);
    expect(feed.state().problem).toBeNull();
    feed.close();
  });

  it("tells what went wrong, and recovers when the service is back", async () => {
    const { feed, fail } = stand();
    fail(1);
    feed.refresh();
    await settle();
    await settle();
    expect(feed.state().table).not.toBeNull();
    expect(feed.state().problem).toBeNull();
    feed.close();
  });
});
