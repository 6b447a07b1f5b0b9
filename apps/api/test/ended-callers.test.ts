/** Streams of events and the keys they were opened with: none goes on once its key is no longer usable. */
import type { KeyId, OwnerId, Store } from "@rightsize/core";
import { newKey } from "@rightsize/core";
import { createMemoryStore } from "@rightsize/store";
import { afterEach, describe, expect, it } from "vitest";
import { type EventReader, readEvents } from "./sse-client.ts";
import { postExperiment, startTestApi, type TestApi } from "./support.ts";

const alice = "alice" as OwnerId;
let api: TestApi;
let url: string;
let nowMs = Date.UTC(2026, 0, 1);
const readers: EventReader[] = [];
const start = async (change: (store: Store) => Store = (store) => store) => {
  api = await startTestApi({ store: change(createMemoryStore({ now: () => nowMs })), settings: { callerLookMs: 20 } });
  url = await api.listen();
};
async function keyOf(owner: OwnerId, validForMs: number | null = null) {
  const { id, token, hash } = await newKey();
  await api.store.keys.create({ id, owner, name: "test", hash, scopes: ["read", "write"], validForMs });
  return { id, token };
}
async function watch(path: string, token: string | null) {
  const reader = await readEvents(`${url}${path}`, token === null ? {} : { authorization: `Bearer ${token}` });
  readers.push(reader);
  return reader;
}
/** An experiment of hers, and both streams opened with a key. */
async function bothStreams(token: string) {
  const headers = { authorization: `Bearer ${token}` };
  const upload = { method: "POST" as const, url: "/v1/datasets?name=a.csv", payload: "a,y\n1,2\n" };
  const dataset = (await api.app.inject({ ...upload, headers: { ...headers, "content-type": "text/csv" } })).json<{ id: string }>().id;
  const payload = { dataset, target: "y", engine: { name: "scripted" } };
  const { id } = (await api.app.inject({ method: "POST", url: "/v1/experiments", headers, payload })).json<{ id: string }>();
  const paths = [`/v1/experiments/${id}/events`, "/v1/events"];
  const streams = await Promise.all(paths.map((path) => watch(path, token)));
  await Promise.all(streams.map((stream) => stream.until((messages) => messages.some(({ event }) => event !== null))));
  return { paths, streams };
}
const hasEnded = (reader: EventReader) => Promise.race([reader.ended.then(() => true), soon(150).then(() => false)]);
const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await api.close();
});

describe("a stream of events", () => {
  it("ends when its key is revoked; others of the same owner go on, and the key is then refused", async () => {
    await start();
    const [revoked, kept] = [await keyOf(alice), await keyOf(alice)];
    const { paths, streams } = await bothStreams(revoked.token);
    const others = await Promise.all(paths.map((path) => watch(path, kept.token)));
    expect(await Promise.all(streams.map(hasEnded))).toEqual([false, false]);
    await api.store.keys.revoke(alice, revoked.id);
    expect(await Promise.all(streams.map(hasEnded))).toEqual([true, true]);
    expect(await Promise.all(others.map(hasEnded))).toEqual([false, false]);
    for (const path of paths) expect((await watch(path, revoked.token)).status).toBe(401);
  });

  it("ends when its key expires by the database's clock", async () => {
    await start();
    const { token } = await keyOf(alice, 60_000);
    const { streams } = await bothStreams(token);
    nowMs += 59_000;
    expect(await Promise.all(streams.map(hasEnded))).toEqual([false, false]);
    nowMs += 1000;
    expect(await Promise.all(streams.map(hasEnded))).toEqual([true, true]);
  });

  it("that was opened without a key ends once the service has keys", async () => {
    await start();
    const reader = await watch(`/v1/experiments/${await postExperiment(api.app)}/events`, null);
    await keyOf(alice);
    // A service without keys looks for its first one once a second.
    await Promise.race([reader.ended, soon(3000).then(() => expect.fail("it went on"))]);
    expect(reader.status).toBe(200);
  });

  it("stays while the store can't say whether its key is usable", async () => {
    let away = false;
    await start((store) => ({
      ...store,
      keys: { ...store.keys, usableAmong: (ids) => (away ? Promise.reject(new Error("away")) : store.keys.usableAmong(ids)) },
    }));
    const { id, token } = await keyOf(alice);
    const { streams } = await bothStreams(token);
    away = true;
    await api.store.keys.revoke(alice, id);
    expect(await Promise.all(streams.map(hasEnded))).toEqual([false, false]);
    away = false;
    expect(await Promise.all(streams.map(hasEnded))).toEqual([true, true]);
  });

  /** The keys that each round asked for. */
  const startAsked = async (change: (store: Store) => Store = (store) => store) => {
    const asked: (readonly KeyId[])[] = [];
    const usableAmong = (store: Store) => (ids: readonly KeyId[]) => {
      asked.push(ids);
      return store.keys.usableAmong(ids);
    };
    await start((store) => change({ ...store, keys: { ...store.keys, usableAmong: usableAmong(store) } }));
    return asked;
  };

  it("whose client went before its first message is watched no more", async () => {
    let slow = false;
    const asked = await startAsked((store) => ({
      ...store,
      experiments: {
        ...store.experiments,
        async find(owner, id) {
          if (slow) await soon(100);
          return store.experiments.find(owner, id);
        },
      },
    }));
    const { token } = await keyOf(alice);
    const { paths } = await bothStreams(token);
    for (const reader of readers.splice(0)) reader.close();
    slow = true;
    const gone = new AbortController();
    const opened = fetch(`${url}${paths[0]}`, {
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
      signal: gone.signal,
    });
    await soon(50);
    gone.abort();
    await expect(opened).rejects.toThrow();
    await soon(150);
    asked.length = 0;
    await soon(100);
    expect(asked).toEqual([]);
  });

  it("costs one question a round for all streams together, and none when nobody watches", async () => {
    const asked = await startAsked();
    const { id, token } = await keyOf(alice);
    await soon(100);
    expect(asked).toEqual([]);
    await bothStreams(token);
    await bothStreams(token);
    asked.length = 0;
    await soon(110);
    expect(asked.length).toBeLessThan(7);
    expect(asked.every((ids) => ids.length === 1 && ids[0] === id)).toBe(true);
    expect(asked.length).toBeGreaterThan(0);
  });
});
