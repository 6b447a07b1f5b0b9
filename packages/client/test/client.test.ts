/** The client against a real HTTP server: answers checked, refusals told, the stream made again where it breaks, without a gap. */
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ExperimentView } from "@rightsize/contract";
import { afterEach, expect, test } from "vitest";
import { RequestRefused, ServiceUnreachable } from "../src/errors.ts";
import { experimentMessages, type StreamMessage } from "../src/events.ts";
import { createClient } from "../src/index.ts";
import { waitUntilEnded } from "../src/wait.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const trial = { id: "tri_1", number: 1, hiddenLayers: 1, nodesPerLayer: 100, parameterCount: 501, state: "COMPLETED", score: 4.4 };
const table = {
  experimentId: "exp_1",
  state: "RUNNING",
  metric: "Mean squared error",
  trials: [{ ...trial, metrics: null, nextStep: null, verdict: null, winner: false, runs: [] }],
};
const json = (response: ServerResponse, status: number, body: unknown) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

test("an answer comes back checked and typed", async () => {
  const url = await serve((request, response) => json(response, 200, request.url === "/v1/experiments/exp_1/trials" ? table : {}));
  expect((await createClient({ url }).trials("exp_1")).trials[0]?.score).toBe(4.4);
});

test("an answer that the contract doesn't know is an error that names the place", async () => {
  const url = await serve((_request, response) => json(response, 200, { ...table, trials: [{ number: "one" }] }));
  await expect(createClient({ url }).trials("exp_1")).rejects.toThrow(/trials\.0\..*same version/);
});

test("a refusal is told with what was received and what is needed", async () => {
  const problem = {
    type: "about:rightsize/invalid_request",
    title: "The request asks for something that can't be",
    status: 422,
    detail: "There is no such column.",
    code: "invalid_request",
    advice: "Correct the named fields and send it again.",
    instance: "req-1",
    issues: [{ where: "/target", received: "prize", required: "one of price, size" }],
  };
  const url = await serve((_request, response) => json(response, 422, problem));
  const refused = await createClient({ url })
    .createExperiment({ dataset: "0".repeat(64), target: "prize" })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RequestRefused);
  expect((refused as RequestRefused).message).toContain("/target: received prize, needs one of price, size");
});

test("a service that isn't there is an error of its own that names the address", async () => {
  const failed = await createClient({ url: "http://127.0.0.1:9" })
    .workers()
    .catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ServiceUnreachable);
  expect((failed as ServiceUnreachable).message).toContain("http://127.0.0.1:9");
});

test("a question whose answer was lost is asked again under the same key, so that it is asked once", async () => {
  const keys: unknown[] = [];
  const url = await serve((request, response) => {
    keys.push(request.headers["idempotency-key"]);
    if (keys.length === 1) return request.socket.destroy();
    json(response, keys.length === 2 ? 503 : 422, {});
  });
  const request = { dataset: "0".repeat(64), target: "price" };
  await expect(createClient({ url }).createExperiment(request)).rejects.toMatchObject({ status: 422 });
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  await expect(createClient({ url }).createExperiment(request, { idempotencyKey: "mine" })).rejects.toThrow();
  expect(keys[3]).toBe("mine");
});

test("a stream that ends because its key was revoked is refused at the next connection: that is told, and not tried for ever", async () => {
  let connections = 0;
  const url = await serve((_request, response) => {
    connections += 1;
    if (connections > 1) return json(response, 401, {});
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(": open\n\n");
  });
  const client = createClient({ url, key: "rsk_revoked" });
  await expect(waitUntilEnded(client, "exp_1", {})).rejects.toMatchObject({ name: "RequestRefused", status: 401 });
  expect(connections).toBe(2);
  const reading = async () => {
    for await (const messages of client.serviceEvents()) expect(messages).toEqual([]);
  };
  await expect(reading()).rejects.toMatchObject({ status: 401 });
});

test("waiting goes on after the last event told, over a stream that ended early, until the experiment is at its end", async () => {
  const asked: unknown[] = [];
  const states = ["RUNNING", "SUCCEEDED"];
  const client = {
    async *events(_id: string, { afterSequence }: { afterSequence?: number } = {}) {
      asked.push(afterSequence);
      yield [{ kind: "event", event: { sequence: (afterSequence ?? 0) + 3 } }] as never;
    },
    experiment: async () => ({ state: states.shift() }) as ExperimentView,
  };
  let told = 0;
  const ended = await waitUntilEnded(client, "exp_1", { onMessages: (messages) => (told += messages.length) });
  expect([ended.state, asked, told]).toEqual(["SUCCEEDED", [0, 3], 2]);
});

test("a key travels as a bearer token, an upload as raw bytes under its name", async () => {
  const seen: unknown[] = [];
  const url = await serve((request, response) => {
    let body = "";
    request
      .on("data", (chunk) => (body += chunk))
      .on("end", () => {
        seen.push([request.headers.authorization, request.url, body]);
        json(response, 500, {});
      });
  });
  await createClient({ url, key: "secret" })
    .uploadDataset({ name: "my cars.csv", bytes: new Blob(["a,b\n1,2\n"]) })
    .catch(() => {});
  expect(seen).toEqual([["Bearer secret", "/v1/datasets?name=my%20cars.csv", "a,b\n1,2\n"]]);
});

const eventText = (sequence: number) =>
  `id: ${sequence}\nevent: run.started\ndata: ${JSON.stringify({
    experimentId: "exp_1",
    sequence,
    kind: "run.started",
    data: { note: "ü" },
    createdAt: "2026-01-01T00:00:00.000Z",
  })}\n\n`;
const sequenceOf = (message: StreamMessage) => (message.kind === "event" ? message.event.sequence : 0);

test("a stream that breaks is made again after the last event: nothing is missed, nothing told twice", async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    const after = request.headers["last-event-id"] as string | undefined;
    asked.push(after);
    if (asked.length === 2) return json(response, 503, {});
    response.writeHead(200, { "content-type": "text/event-stream" });
    const bytes = Buffer.from(`: hello\n\n${eventText(1)}${eventText(2)}${eventText(3)}${eventText(4)}`);
    if (after === undefined) {
      // Cut in the middle of the third event, and before that in the middle of a character.
      const cut = bytes.indexOf(Buffer.from("ü")) + 1;
      response.write(bytes.subarray(0, cut));
      setTimeout(() => response.write(bytes.subarray(cut, bytes.indexOf("id: 3") + 20), () => response.destroy()), 20);
    } else {
      // An over-eager server that repeats what was seen.
      response.end(`${eventText(2)}${eventText(3)}${eventText(4)}`);
    }
  });
  const controller = new AbortController();
  const told: number[] = [];
  let reconnects = 0;
  for await (const batch of createClient({ url }).events("exp_1", { signal: controller.signal, onReconnect: () => reconnects++ })) {
    told.push(...batch.map(sequenceOf));
    if (told.includes(4)) controller.abort();
  }
  expect(told).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual([undefined, "2", "2"]);
  expect(reconnects).toBe(2);
});

test("an unknown experiment ends the stream with the refusal, not with endless tries", async () => {
  const url = await serve((_request, response) => json(response, 404, {}));
  const events = createClient({ url }).events("exp_0", { signal: new AbortController().signal });
  await expect(events.next()).rejects.toThrow("404");
});

test("a stream of which nothing follows ends", async () => {
  let connections = 0;
  const url = await serve((_request, response) => {
    response.writeHead(connections++ === 0 ? 200 : 204, { "content-type": "text/event-stream" });
    response.end(connections === 1 ? eventText(1) : undefined);
  });
  const told: number[] = [];
  for await (const batch of createClient({ url }).events("exp_1", { signal: new AbortController().signal }))
    told.push(...batch.map(sequenceOf));
  expect([told, connections]).toEqual([[1], 2]);
});

test("a connection that falls silent is made again", async () => {
  let connections = 0;
  const url = await serve((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(connections++ === 0 ? ": hello\n\n" : eventText(1));
  });
  const controller = new AbortController();
  const stream = experimentMessages({
    open: (_last, signal) => fetch(url, { signal }),
    afterSequence: 0,
    signal: controller.signal,
    silenceMs: 100,
    firstPauseMs: 10,
  });
  expect((await stream.next()).value?.map(sequenceOf)).toEqual([1]);
  expect(connections).toBe(2);
  controller.abort();
  await stream.return();
});

test("messages of a kind that is not known are passed over; epochs come through", async () => {
  const epochs = { runId: "run_1", trialId: "tri_1", epochs: [{ epoch: 1, trainingLoss: 1, validationLoss: 2, learningRate: 0.1 }] };
  const url = await serve((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`event: surprise\ndata: {}\n\nevent: epochs\ndata: ${JSON.stringify(epochs)}\n\n`);
  });
  const controller = new AbortController();
  const stream = createClient({ url }).events("exp_1", { signal: controller.signal });
  expect((await stream.next()).value).toEqual([{ kind: "epochs", epochs }]);
  controller.abort();
});
