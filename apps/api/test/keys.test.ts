/** Keys: who may do what, whose rows are whose, and that no key is ever told to anybody but its maker. */
import path from "node:path";
import { createHttpArtifacts } from "@rightsize/artifacts";
import { keyListSchema, newKeySchema, problemSchema } from "@rightsize/contract";
import {
  type AssignmentId,
  type ExperimentId,
  type KeyScope,
  keyScopes,
  localOwner,
  newKey,
  type OwnerId,
  type Store,
  type WorkerId,
} from "@rightsize/core";
import { createMemoryStore } from "@rightsize/store";
import type { InjectOptions } from "fastify";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { course, playToTheEnd } from "./play.ts";
import { csv, startTestApi, type TestApi, type TestApiOptions, uploadTable } from "./support.ts";

const alice = "alice" as OwnerId;
const bob = "bob" as OwnerId;
let api: TestApi;
let nowMs = Date.UTC(2026, 0, 1);
let logged: string[] = [];

async function start(settings: TestApiOptions["settings"] = {}) {
  const logger = pino({ level: "trace" }, { write: (line: string) => void logged.push(line) });
  api = await startTestApi({ store: createMemoryStore({ now: () => nowMs }), settings, change: (deps) => ({ ...deps, logger }) });
}
beforeEach(() => {
  logged = [];
});
afterEach(() => api.close());

async function keyOf(store: Store, owner: OwnerId, scopes: readonly KeyScope[], validForMs: number | null = null) {
  const key = await newKey();
  await store.keys.create({ id: key.id, owner, name: "test", hash: key.hash, scopes, validForMs });
  return key;
}
const ask = (token: string | null, options: InjectOptions) =>
  api.app.inject({ ...options, headers: { ...options.headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) } });
const get = (token: string | null, url = "/v1/experiments") => ask(token, { url });
const upload = async (token: string, content = csv) =>
  (await ask(token, { method: "POST", url: "/v1/datasets?name=a.csv", payload: content, headers: { "content-type": "text/csv" } })).json<{
    id: string;
  }>().id;

describe("a service without keys", () => {
  it("answers everybody, until there is a first key: one that can make others", async () => {
    await start();
    expect((await get(null)).statusCode).toBe(200);
    const post = (payload: object) => api.app.inject({ method: "POST", url: "/v1/keys", payload });
    expect((await post({ name: "reader", scopes: ["read"] })).json()).toMatchObject({ issues: [{ where: "/scopes" }] });
    expect((await post({ name: "soon over", scopes: ["admin"], validForDays: 1 })).json()).toMatchObject({
      issues: [{ where: "/validForDays" }],
    });
    const response = await post({ name: "first", scopes: ["read", "write", "admin"] });
    expect(response.statusCode).toBe(201);
    expect(response.headers["cache-control"]).toBe("no-store");
    const { key } = newKeySchema.parse(response.json());
    expect(key).toMatch(/^rsk_[0-9a-f]{16}_[0-9a-f]{64}$/);
    expect((await get(null)).statusCode, "at once").toBe(401);
    expect((await get(key)).statusCode).toBe(200);
  });

  it("asks for keys within a second of one that was made elsewhere", async () => {
    await start();
    expect((await get(null)).statusCode).toBe(200);
    await keyOf(api.store, localOwner, ["admin"]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await get(null)).statusCode).toBe(401);
  });

  it("that is told to require keys has none to answer", async () => {
    await start({ requireKeys: true });
    expect((await get(null)).statusCode).toBe(401);
    for (const open of ["/health/live", "/health/ready", "/metrics", "/openapi.json"]) {
      expect((await api.app.inject({ url: open, headers: { host: "rightsize.example" } })).statusCode, open).toBe(200);
    }
  });
});

describe("a key", () => {
  const unusable: readonly (readonly [what: string, make: () => string | null | Promise<string>])[] = [
    ["none", () => null],
    ["an empty one", () => ""],
    ["another kind of text", () => "secret"],
    ["one that was never made", async () => (await newKey()).token],
    ["one with another secret", async () => `${(await keyOf(api.store, alice, ["read"])).token.slice(0, -4)}0000`],
    ["a revoked one", revoked],
    ["an expired one", expired],
  ];
  it.each(unusable)("%s: 401, with a way to go on and nothing of the key", async (_what, make) => {
    await start({ requireKeys: true });
    const token = await make();
    const response = await get(token);
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toMatch(/^Bearer/);
    expect(problemSchema.parse(response.json())).toMatchObject({ code: "unauthorised", issues: [{ where: "header authorization" }] });
    if (token) expect(response.body).not.toContain(token);
  });

  it("of each scope opens what that scope is for, and for the rest the answer names the scope", async () => {
    await start();
    const table: Record<KeyScope, readonly (readonly [method: "GET" | "POST" | "PUT" | "DELETE", url: string])[]> = {
      read: [
        ["GET", "/v1/experiments"],
        ["GET", "/v1/workers"],
        ["POST", "/v1/experiments/exp_1/replay"],
        ["POST", "/v1/experiments/exp_1/predict"],
      ],
      write: [
        ["POST", "/v1/experiments"],
        ["DELETE", "/v1/experiments/exp_1"],
        ["POST", "/v1/experiments/exp_1/cancel"],
        ["POST", "/v1/datasets"],
      ],
      worker: [
        ["GET", `/v1/artifacts/${"a".repeat(64)}`],
        ["PUT", `/v1/artifacts/${"a".repeat(64)}`],
      ],
      admin: [
        ["GET", "/v1/keys"],
        ["POST", "/v1/keys"],
        ["DELETE", "/v1/keys/key_0000000000000000"],
      ],
    };
    for (const scope of keyScopes) {
      const mine = (await keyOf(api.store, alice, [scope])).token;
      const others = (
        await keyOf(
          api.store,
          alice,
          keyScopes.filter((other) => other !== scope),
        )
      ).token;
      for (const [method, url] of table[scope]) {
        expect([401, 403], `${scope}: ${method} ${url}`).not.toContain((await ask(mine, { method, url })).statusCode);
        const refused = await ask(others, { method, url });
        expect(refused.statusCode, `${method} ${url}`).toBe(403);
        expect(problemSchema.parse(refused.json())).toMatchObject({ code: "forbidden", issues: [{ required: scope }] });
      }
    }
  });

  it("makes, lists and revokes keys of its own owner, and its last use is told", async () => {
    await start();
    const admin = await keyOf(api.store, alice, ["admin"]);
    await keyOf(api.store, bob, ["admin"]);
    const made = newKeySchema.parse(
      (await ask(admin.token, { method: "POST", url: "/v1/keys", payload: { name: "week", scopes: ["read"], validForDays: 7 } })).json(),
    );
    expect(Date.parse(made.expiresAt ?? "") - nowMs).toBe(7 * 86_400_000);
    expect(made.owner).toBe("alice");
    await get(made.key);
    const { keys } = keyListSchema.parse((await get(admin.token, "/v1/keys")).json());
    expect(keys.map(({ id }) => id).sort()).toEqual([admin.id, made.id].sort());
    expect(keys.find(({ id }) => id === made.id)?.lastUsedAt).not.toBeNull();
    expect((await ask(admin.token, { method: "DELETE", url: `/v1/keys/${made.id}` })).json()).toMatchObject({ id: made.id });
    expect((await get(made.key)).statusCode).toBe(401);
  });

  it.each([
    [{ name: "x", scopes: [] }, "/scopes"],
    [{ name: "x", scopes: ["root"] }, "/scopes/0"],
    [{ name: "x", scopes: ["read", "read"] }, "/scopes"],
    [{ name: " ", scopes: ["read"] }, "/name"],
    [{ name: "x", scopes: ["read"], validForDays: -1 }, "/validForDays"],
    [{ name: "x", scopes: ["read"], owner: "bob" }, "/owner"],
  ])("asked for as %j is refused at %s", async (payload, where) => {
    await start();
    const { token } = await keyOf(api.store, alice, ["admin"]);
    const response = await ask(token, { method: "POST", url: "/v1/keys", payload });
    expect(response.statusCode).toBe(422);
    expect(problemSchema.parse(response.json()).issues.map((issue) => issue.where)).toContain(where);
  });

  it("of a worker moves artifacts, and nothing else does", async () => {
    await start();
    const url = await api.listen();
    const { token } = await keyOf(api.store, alice, ["worker"]);
    const artifactsWith = (key: string | null) =>
      createHttpArtifacts({ baseUrl: url, cacheFolder: path.join(api.folder, `cache ${key}`), ...(key === null ? {} : { key }) });
    const { id } = await artifactsWith(token).put(Buffer.from("weights"));
    expect(Buffer.from(await artifactsWith(token).read(id)).toString()).toBe("weights");
    await expect(artifactsWith(null).read(id)).rejects.toMatchObject({ code: "unauthorised" });
    const reader = (await keyOf(api.store, alice, ["read", "write", "admin"])).token;
    await expect(artifactsWith(reader).read(id)).rejects.toMatchObject({ code: "forbidden" });
    expect((await get(token)).statusCode).toBe(403);
  });

  it("has a number of requests a minute of its own", async () => {
    await start({ requestsPerMinute: 3 });
    const [first, second] = [await keyOf(api.store, alice, ["read"]), await keyOf(api.store, alice, ["read"])];
    const statuses = [];
    for (let round = 0; round < 4; round++) statuses.push((await get(first.token)).statusCode);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await get(second.token)).statusCode).toBe(200);
  });
});

async function revoked(): Promise<string> {
  const key = await keyOf(api.store, alice, ["read"]);
  await api.store.keys.revoke(alice, key.id);
  return key.token;
}
async function expired(): Promise<string> {
  const key = await keyOf(api.store, alice, ["read"], 1000);
  nowMs += 1000;
  return key.token;
}

describe("what belongs to another", () => {
  type Operations = Record<string, Record<string, { readonly parameters?: readonly { readonly name: string; readonly in: string }[] }>>;

  it("is not found by any route, and changed by none", async () => {
    await start();
    const hers = await keyOf(api.store, alice, ["read", "write", "admin"]);
    const his = await keyOf(api.store, bob, ["read", "write", "admin"]);
    const dataset = await upload(hers.token);
    const posted = await ask(hers.token, { method: "POST", url: "/v1/experiments", payload: { dataset, target: "y", ...course } });
    const experiment = posted.json<{ id: string }>().id;
    await playToTheEnd(api, experiment);
    const snapshot = await api.store.experiments.snapshot(experiment as ExperimentId);
    const everything = JSON.stringify({ snapshot, attempts: await api.store.work.attempts(experiment as ExperimentId), key: hers.id });
    const ids = [...new Set(everything.match(/\b(exp|tri|run|asg|key)_[0-9a-z]+\b/g)), dataset];
    expect(ids.length).toBeGreaterThan(15);

    const ofHers = (name: string, path: string): string => {
      if (name === "sha256" || path.startsWith("/v1/datasets")) return dataset;
      if (path.startsWith("/v1/experiments")) return experiment;
      if (path.startsWith("/v1/trials")) return snapshot?.trials[0]?.id as string;
      if (path.startsWith("/v1/keys")) return hers.id;
      throw new Error(`the test doesn't know whose {${name}} of ${path} to ask for`);
    };
    const bodies: Record<string, { readonly payload: string | object; readonly headers?: Record<string, string> }> = {
      "post /v1/datasets": { payload: "a,y\n1,2\n", headers: { "content-type": "text/csv" } },
      "post /v1/experiments": { payload: { dataset, target: "y" } },
      "post /v1/keys": { payload: { name: "his", scopes: ["read"] } },
      "post /v1/experiments/{id}/replay": { payload: {} },
      "post /v1/experiments/{id}/predict": { payload: { rows: [{ a: 1 }] } },
    };
    const { paths } = (await api.app.inject("/openapi.json")).json<{ paths: Operations }>();
    const shown = async () => [
      (await get(hers.token, `/v1/experiments/${experiment}`)).json(),
      (await get(hers.token, `/v1/experiments/${experiment}/trials`)).json(),
      (await get(hers.token, `/v1/datasets/${dataset}`)).json(),
      (await get(hers.token, "/v1/keys"))
        .json<{ keys: { id: string; revokedAt: string | null }[] }>()
        .keys.map(({ id, revokedAt }) => [id, revokedAt]),
    ];
    const before = await shown();
    let asked = 0;
    for (const [path, methods] of Object.entries(paths)) {
      if (!path.startsWith("/v1/")) continue;
      for (const method of Object.keys(methods)) {
        const url = path.replace(/\{(\w+)\}/g, (_, name: string) => ofHers(name, path));
        // A stream of events has no end to wait for: what it tells is looked at by its own tests.
        if (path === "/v1/events") continue;
        const response = await ask(his.token, { method: method.toUpperCase() as "GET", url, ...bodies[`${method} ${path}`] });
        const told = `${method} ${path} answered ${response.statusCode} ${response.body.slice(0, 300)}`;
        asked += 1;
        if (path.includes("{sha256}")) expect(response.statusCode, told).toBe(403);
        else if (path.includes("{") || `${method} ${path}` === "post /v1/experiments") expect(response.statusCode, told).toBe(404);
        else expect(response.statusCode, told).toBeLessThan(300);
        if (response.statusCode < 300) for (const id of ids) expect(response.body, told).not.toContain(id);
      }
    }
    expect(asked).toBeGreaterThanOrEqual(20);
    expect(await shown()).toEqual(before);
  });

  it("may be the same table: each has a dataset of it, and deleting one leaves the other", async () => {
    await start();
    const tokens = [(await keyOf(api.store, alice, ["read", "write"])).token, (await keyOf(api.store, bob, ["read", "write"])).token];
    const [hers = "", his = ""] = tokens;
    const id = await upload(hers);
    expect(await upload(his)).toBe(id);
    expect((await ask(hers, { method: "DELETE", url: `/v1/datasets/${id}` })).statusCode).toBe(204);
    expect((await get(hers, `/v1/datasets/${id}`)).statusCode).toBe(404);
    expect((await get(his, `/v1/datasets/${id}`)).statusCode).toBe(200);
    expect(await api.artifacts.has(id as never)).toBe(true);
  });

  it("was there before the keys: it belongs to the owner of the first one", async () => {
    await start();
    const id = await uploadTable(api.app);
    const { token } = await keyOf(api.store, localOwner, ["read"]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await get(token, `/v1/datasets/${id}`)).statusCode).toBe(200);
  });

  it("isn't named among what the workers do", async () => {
    await start();
    const hers = await keyOf(api.store, alice, ["read", "write"]);
    const payload = { dataset: await upload(hers.token), target: "y", engine: { name: "scripted" } };
    const posted = await ask(hers.token, { method: "POST", url: "/v1/experiments", payload });
    const snapshot = await api.store.experiments.snapshot(posted.json<{ id: ExperimentId }>().id);
    const assignmentId = snapshot?.runs[0]?.assignmentId as AssignmentId;
    const workerId = "wrk_1" as WorkerId;
    const worker = { machine: "lab", processId: 1, slots: 1, engines: ["scripted"], fingerprint: "1", device: "cpu", memoryBytes: 1 };
    await api.store.workers.announce({ id: workerId, ...worker });
    await api.store.work.claim({ assignmentId, workerId, leaseMs: 10_000, fingerprints: { scripted: "1" } });
    const listed = await get((await keyOf(api.store, bob, ["read"])).token, "/v1/workers");
    expect(listed.json()).toMatchObject({ workers: [{ id: "wrk_1", running: ["an assignment"] }] });
  });
});

describe("secrets", () => {
  it("stand in no log line and no answer, whatever happens", async () => {
    await start();
    const key = await keyOf(api.store, alice, ["read", "write", "admin"]);
    const wrong = (await newKey()).token;
    const dataset = await upload(key.token);
    const answers: string[] = [];
    const note = async (options: InjectOptions, token = key.token) => {
      const response = await ask(token, options);
      answers.push(response.body, JSON.stringify(response.headers));
    };
    await note({ url: "/v1/experiments" });
    await note({ url: "/v1/experiments" }, wrong);
    await note({ url: "/v1/experiments/exp_unknown" });
    await note({ url: "/v1/nothing" });
    await note({ method: "POST", url: "/v1/experiments", payload: { dataset, target: "nothing" } });
    await note({ method: "POST", url: "/v1/experiments", payload: "{", headers: { "content-type": "application/json" } });
    await note({ method: "POST", url: "/v1/experiments", payload: { dataset, target: "y", engine: { name: "scripted" } } });
    await note({ url: "/v1/keys" });
    api.store.experiments.list = async () => {
      throw new TypeError(`a bug that holds nothing of the key`);
    };
    await note({ url: "/v1/experiments" });
    const made = newKeySchema.parse(
      (await ask(key.token, { method: "POST", url: "/v1/keys", payload: { name: "other", scopes: ["read"] } })).json(),
    );
    await note({ method: "DELETE", url: `/v1/keys/${made.id}` });
    expect(logged.length).toBeGreaterThan(5);
    const everything = [...logged, ...answers].join("\n");
    for (const secret of [key.token, key.hash, wrong, made.key]) {
      expect(everything).not.toContain(secret);
      expect(everything).not.toContain(secret.slice(-32));
    }
  });
});
