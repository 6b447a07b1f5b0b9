/** The artifact stores' contract over a folder and over HTTP, and what is particular to each. */
import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFolderArtifacts, createHttpArtifacts, type HttpArtifactsOptions } from "@rightsize/artifacts";
import type { ArtifactStore, Sha256 } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ArtifactsUnderTest, artifactsContract, bytesOf, collect, hashOf, noise } from "./artifacts.contract.ts";
import { type ArtifactsServer, answer, startArtifactsServer } from "./artifacts-server.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "rightsize-artifacts-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const fileIn = (folder: string, id: Sha256): string => join(folder, id.slice(0, 2), id.slice(2, 4), id);
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();
}

describe("a folder", () => {
  let folder: string;
  let subject: ArtifactsUnderTest;
  beforeEach(() => {
    folder = join(root, "not", "made", "yet");
    subject = {
      store: createFolderArtifacts({ folder }),
      fileOf: (id) => fileIn(folder, id),
      files: () => filesIn(folder),
      overwrite: (id, bytes) => writeFile(fileIn(folder, id), bytes),
    };
  });
  artifactsContract("folder", () => subject);

  test("shards by the first digits, and holds nothing but finished files", async () => {
    const { id } = await subject.store.put(bytesOf("a"));
    expect(await subject.store.localPath(id)).toBe(join(folder, "ca", "97", id));
    expect(await filesIn(folder)).toEqual([id]);
  });

  test("a torn file is mended by putting the bytes again", async () => {
    const { id } = await subject.store.put(noise(10_000));
    await truncate(fileIn(folder, id), 100);
    await subject.store.put(noise(10_000));
    expect(hashOf(await subject.store.read(id))).toBe(id);
  });

  test("what a killed writer left is removed a day later, not sooner", async () => {
    const { store } = subject;
    await store.put(bytesOf("a"));
    const old = join(folder, "incoming", "old");
    await writeFile(old, "half");
    await writeFile(join(folder, "incoming", "young"), "half");
    const twoDaysAgo = Date.now() / 1_000 - 2 * 86_400;
    await utimes(old, twoDaysAgo, twoDaysAgo);
    await createFolderArtifacts({ folder }).put(bytesOf("b"));
    expect(await readdir(join(folder, "incoming"))).toEqual(["young"]);
  });

  test("a folder that vanished under the store is made again", async () => {
    await subject.store.put(bytesOf("a"));
    await rm(folder, { recursive: true });
    const { id } = await subject.store.put(bytesOf("b"));
    expect(await subject.store.has(id)).toBe(true);
  });

  test("a disk that can't be written is `unavailable`", async () => {
    await writeFile(join(root, "a-file"), "");
    const blocked = createFolderArtifacts({ folder: join(root, "a-file", "folder") });
    await expect(blocked.put(bytesOf("a"))).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("HTTP through the API", () => {
  let server: ArtifactsServer;
  let origin: ArtifactStore;
  let cacheFolder: string;
  let originFolder: string;
  const quick = { attempts: 4, firstPauseMs: 5, longestPauseMs: 20, stallMs: 400, random: () => 0 };
  const client = (options: Partial<HttpArtifactsOptions> = {}): ArtifactStore =>
    createHttpArtifacts({ baseUrl: server.baseUrl, cacheFolder, retry: quick, ...options });

  let subject: ArtifactsUnderTest;
  beforeEach(async () => {
    originFolder = join(root, "origin");
    cacheFolder = join(root, "cache");
    origin = createFolderArtifacts({ folder: originFolder });
    server = await startArtifactsServer(origin);
    subject = {
      store: client(),
      fileOf: (id) => fileIn(originFolder, id),
      files: () => filesIn(originFolder),
      async overwrite(id, bytes) {
        await writeFile(fileIn(originFolder, id), bytes);
        await writeFile(fileIn(cacheFolder, id), bytes);
      },
    };
  });
  afterEach(() => server.close());
  artifactsContract("http", () => subject);

  const gets = (): number => server.requests.filter((line) => line.startsWith("GET")).length;

  test("fetches an artifact once, however many ask at the same time, and then never again", async () => {
    const { id } = await origin.put(noise(200_000));
    const store = client();
    const reads = await Promise.all([store.read(id), store.localPath(id), store.stream(id).then(collect), store.read(id)]);
    expect(hashOf(reads[0])).toBe(id);
    await store.read(id);
    await client().read(id);
    expect(gets()).toBe(1);
  });

  test("a worker reads what it put itself without the network, though the API is gone", async () => {
    const { id } = await subject.store.put(bytesOf("my checkpoint"));
    await server.close();
    expect(await subject.store.read(id)).toEqual(bytesOf("my checkpoint"));
  });

  test("a broken file in the cache is fetched anew: only the API's bytes count", async () => {
    const { id } = await subject.store.put(noise(10_000));
    await truncate(fileIn(cacheFolder, id), 99);
    expect(hashOf(await client().read(id))).toBe(id);
    expect(gets()).toBe(1);
  });

  test("does not send large bytes that are there already", async () => {
    const bytes = noise(400_000);
    await origin.put(bytes);
    await subject.store.put(bytes);
    expect(server.requests.map((line) => line.split(" ")[0])).toEqual(["HEAD"]);
  });

  test.each([
    ["answers 503", (_request, response) => answer(response, 503)],
    ["answers 429", (_request, response) => answer(response, 429)],
    ["hangs up", (request) => void request.socket.destroy()],
    ["says nothing", () => undefined],
  ] as [string, NonNullable<ArtifactsServer["fault"]>][])("tries again when the API %s, twice over", async (_, fault) => {
    for (const use of [
      () => subject.store.put(noise(300_000, 5)),
      async () => {
        const { id } = await origin.put(noise(1_000, 6));
        await subject.store.read(id);
      },
    ]) {
      let left = 2;
      server.fault = (request, response) => (left-- > 0 ? fault(request, response) : "serve");
      await use();
      expect(left).toBeLessThan(0);
    }
    expect(hashOf(await origin.read(hashOf(noise(300_000, 5))))).toBe(hashOf(noise(300_000, 5)));
  });

  test("tries again when a download breaks off half-way or brings other bytes", async () => {
    const bytes = noise(100_000, 9);
    const { id } = await origin.put(bytes);
    let request = 0;
    server.fault = (_, response) => {
      request += 1;
      if (request > 2) return "serve";
      response.writeHead(200, { "content-length": "100000" });
      response.write(bytes.subarray(0, 50_000));
      if (request === 1) setTimeout(() => response.destroy(), 20);
      else response.end(bytes.subarray(0, 50_000));
      return undefined;
    };
    expect(hashOf(await client().read(id))).toBe(id);
    expect(request).toBe(3);
    expect((await filesIn(cacheFolder)).filter((name) => name !== id)).toEqual([]);
  });

  test("gives up after its tries: `unavailable`, soon", async () => {
    await server.close();
    const from = performance.now();
    await expect(client().read(hashOf(bytesOf("a")))).rejects.toMatchObject({ code: "unavailable" });
    await expect(client().put(bytesOf("a"))).rejects.toMatchObject({ code: "unavailable" });
    expect(performance.now() - from).toBeLessThan(2_000);
  });

  test("an API that sends wrong bytes time after time is `artifact_corrupt`", async () => {
    server.fault = (_, response) => answer(response, 200, "other bytes");
    await expect(client().read(hashOf(bytesOf("these bytes")))).rejects.toMatchObject({ code: "artifact_corrupt" });
    expect(await filesIn(cacheFolder)).toEqual([]);
  });

  test("sends its key; a wrong one is `unauthorised` at once, without trying again", async () => {
    await server.close();
    server = await startArtifactsServer(origin, { key: "rs_right" });
    const { id } = await client({ key: "rs_right" }).put(bytesOf("a"));
    expect(await origin.has(id)).toBe(true);
    server.requests.length = 0;
    await expect(client({ key: "rs_wrong" }).has(id)).rejects.toMatchObject({ code: "unauthorised" });
    await expect(client().put(bytesOf("b"))).rejects.toMatchObject({ code: "unauthorised" });
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    [403, "forbidden"],
    [413, "too_large"],
    [400, "internal"],
  ])("an answer %i is `%s`, without trying again", async (status, code) => {
    server.fault = (_, response) => answer(response, status);
    await expect(client().has(hashOf(bytesOf("a")))).rejects.toMatchObject({ code });
    expect(server.requests).toHaveLength(1);
  });

  test("the cache stays under its size by forgetting what was used longest ago, never what is in use", async () => {
    const store = client({ maxCacheBytes: 1_000_000 });
    const ids: Sha256[] = [];
    for (let number = 0; number < 8; number += 1) ids.push((await store.put(noise(100_000, number + 1))).id);
    // An hour passes for all but the last two.
    for (const [index, id] of ids.slice(0, 6).entries()) {
      const time = Date.now() / 1_000 - 3_600 + index;
      await utimes(fileIn(cacheFolder, id), time, time);
    }
    for (let number = 8; number < 12; number += 1) ids.push((await store.put(noise(100_000, number + 1))).id);
    const kept = await filesIn(cacheFolder);
    expect(kept.length).toBeLessThanOrEqual(10);
    expect(kept).not.toContain(ids[0]);
    for (const id of ids.slice(6)) expect(kept).toContain(id);
    expect(hashOf(await store.read(ids[0] as Sha256))).toBe(ids[0]);
  });

  test("a path just handed out keeps its file, though the cache is far over its size", async () => {
    const store = client({ maxCacheBytes: 1 });
    const { id } = await origin.put(noise(1_000));
    const path = await store.localPath(id);
    for (let number = 2; number < 5; number += 1) await store.put(noise(1_000, number));
    expect(hashOf(new Uint8Array(await readFile(path)))).toBe(id);
  });
});
