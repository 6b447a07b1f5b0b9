/** The connection: it resumes behind the last event that arrived, waits longer after each failure, and knows when to stop. */
import type { EventView } from "@rightsize/contract";
import { describe, expect, it } from "vitest";
import { type LiveAction, type LiveState, liveStart, reduceLive } from "../src/live.ts";
import { actionOf, connectLive } from "../src/live-connection.ts";

type Answer = { status?: number; text?: string[]; fails?: boolean };
const message = (sequence: number) =>
  `id: ${sequence}\nevent: run.ended\ndata: ${JSON.stringify({ experimentId: "exp_1", sequence, kind: "run.ended", data: {}, createdAt: "" } satisfies EventView)}\n\n`;

/** Plays answers one after another; when they are used up the experiment is over. */
async function connect(answers: Answer[]): Promise<{ state: LiveState; askedAfter: string[]; waits: number[]; kinds: string[] }> {
  let state = liveStart(0);
  const askedAfter: string[] = [];
  const waits: number[] = [];
  const kinds: string[] = [];
  await new Promise<void>((resolve) => {
    const close = connectLive({
      url: "/v1/experiments/exp_1/events",
      headers: () => ({}),
      lastSequence: () => state.lastSequence,
      isOver: () => answers.length === 0,
      dispatch: (action: LiveAction) => {
        kinds.push(action.kind);
        state = reduceLive(state, action);
        if (action.kind === "ended" || action.kind === "refused") {
          close();
          resolve();
        }
      },
      fetch: async (_url, init) => {
        askedAfter.push(new Headers(init?.headers).get("last-event-id") ?? "");
        const answer = answers.shift() ?? {};
        if (answer.fails) throw new TypeError("network");
        const status = answer.status ?? 200;
        return new Response(status === 204 ? null : (answer.text ?? []).join(""), { status });
      },
      wait: async (ms) => {
        waits.push(ms);
      },
    });
  });
  return { state, askedAfter, waits, kinds };
}

describe("a connection", () => {
  it("resumes after the last whole event when a message is cut in half", async () => {
    const { state, askedAfter } = await connect([
      { text: [message(1), message(2), message(3).slice(0, 40)] },
      { text: [message(3), message(4)] },
    ]);
    expect(askedAfter).toEqual(["0", "2"]);
    expect(state).toMatchObject({ lastSequence: 4, gapCount: 0, connection: "ended" });
  });

  it("waits longer after each failure, and shortly again once it was open", async () => {
    const { waits } = await connect([{ fails: true }, { status: 503 }, { fails: true }, { text: [message(1)] }, { fails: true }, {}]);
    expect(waits).toEqual([250, 500, 1000, 250, 500]);
  });

  it("never waits more than five seconds", async () => {
    const { waits } = await connect([...Array.from({ length: 9 }, () => ({ fails: true })), {}]);
    expect(Math.max(...waits)).toBe(5000);
  });

  it("stops where nothing follows", async () => {
    const { askedAfter, kinds } = await connect([{ status: 204 }, {}]);
    expect(askedAfter).toHaveLength(1);
    expect(kinds.at(-1)).toBe("ended");
  });

  it.each([401, 403, 404])("stops where it is refused with %i, be it after it was open, and says so", async (status) => {
    const { state, askedAfter, kinds } = await connect([{ text: [message(1)] }, { status }, {}]);
    expect(askedAfter).toHaveLength(2);
    expect(kinds.at(-1)).toBe("refused");
    expect(state.connection).toBe("refused");
  });
});

describe("a message", () => {
  it("that is no JSON, or has another form, is passed over", () => {
    expect(actionOf({ event: "run.ended", data: "{", id: "1" })).toBeNull();
    expect(actionOf({ event: "epochs", data: '{"runId":1}', id: null })).toBeNull();
    expect(actionOf({ event: "message", data: "null", id: null })).toBeNull();
  });
  it("of epochs names its run", () => {
    expect(actionOf({ event: "epochs", data: '{"runId":"run_1","trialId":"tri_1","epochs":[]}', id: null })).toEqual({
      kind: "epochs",
      runId: "run_1",
      epochs: [],
    });
  });
});
