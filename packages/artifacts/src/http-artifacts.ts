/** Artifacts through the API, for workers that share no disk with it: each is fetched once, checked, and kept in a local folder. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { type ArtifactStore, RightsizeError, type Sha256 } from "@rightsize/core";
import { mustBeSha256 } from "./errors.ts";
import { type Alive, createHttpClient, type HttpClientOptions, TryAgain } from "./http-client.ts";
import { createLocalCache } from "./local-cache.ts";

export interface HttpArtifactsOptions extends HttpClientOptions {
  readonly cacheFolder: string;
  /** The cache forgets what was used longest ago above this; 20 GiB unless told otherwise. Files in use may exceed it for a while. */
  readonly maxCacheBytes?: number;
}

/** From this size on we ask whether the bytes are there before we send them. */
const askFirstBytes = 256 * 1024;

export function createHttpArtifacts(options: HttpArtifactsOptions): ArtifactStore {
  const client = createHttpClient(options);
  const cache = createLocalCache({ folder: options.cacheFolder, maxBytes: options.maxCacheBytes ?? 20 * 1024 ** 3 });
  const fetching = new Map<Sha256, Promise<void>>();

  async function isThere(id: Sha256): Promise<boolean> {
    try {
      await client.exchange(id, () => ({ method: "HEAD" }), drained);
      return true;
    } catch (error) {
      if (error instanceof RightsizeError && error.code === "artifact_missing") return false;
      throw error;
    }
  }

  async function upload(id: Sha256): Promise<void> {
    const path = await cache.files.localPath(id);
    const request = (alive: Alive): RequestInit & { duplex: "half" } => ({
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: Readable.toWeb(Readable.from(watched(createReadStream(path), alive))) as ReadableStream<Uint8Array>,
      duplex: "half",
    });
    await client.exchange(id, request, drained);
  }

  /** Fetches an artifact into the cache unless it is there already. Callers at the same time share one download. */
  function fetched(id: Sha256): Promise<void> {
    const already = fetching.get(id);
    if (already !== undefined) return already;
    const download = fetchOnce(id).finally(() => fetching.delete(id));
    fetching.set(id, download);
    return download;
  }

  async function fetchOnce(id: Sha256): Promise<void> {
    try {
      await cache.files.localPath(id);
      return;
    } catch (error) {
      if (!(error instanceof RightsizeError) || !["artifact_missing", "artifact_corrupt"].includes(error.code)) throw error;
    }
    let isGarbled = false;
    try {
      await client.exchange(
        id,
        () => ({ method: "GET" }),
        async (response, alive) => {
          isGarbled = false;
          const body = response.body === null ? new Uint8Array(0) : watched(response.body as unknown as AsyncIterable<Uint8Array>, alive);
          const stored = await cache.put(body);
          if (stored.id === id) return;
          isGarbled = true;
          await cache.files.delete(stored.id);
          throw new TryAgain(`the bytes that came have the hash ${stored.id}`);
        },
      );
    } catch (error) {
      if (!isGarbled) throw error;
      throw new RightsizeError("artifact_corrupt", `The API sends other bytes for ${id}, time after time.`, { cause: error });
    }
  }

  /** Runs a read on the cache; a file that vanished or broke in between is fetched again, once. */
  async function locally<T>(id: Sha256, read: (files: ArtifactStore) => Promise<T>): Promise<T> {
    mustBeSha256(id);
    await fetched(id);
    await cache.touch(id);
    try {
      return await read(cache.files);
    } catch (error) {
      if (!(error instanceof RightsizeError) || !["artifact_missing", "artifact_corrupt"].includes(error.code)) throw error;
      await cache.files.delete(id);
      await fetched(id);
      return read(cache.files);
    }
  }

  return {
    async put(source, putOptions) {
      const stored = await cache.put(source, putOptions);
      if (stored.sizeBytes < askFirstBytes || !(await isThere(stored.id))) await upload(stored.id);
      return stored;
    },
    stream: (id) => locally(id, (files) => files.stream(id)),
    read: (id) => locally(id, (files) => files.read(id)),
    localPath: (id) => locally(id, (files) => files.localPath(id)),
    async has(id) {
      mustBeSha256(id);
      return isThere(id);
    },
    async delete(id) {
      mustBeSha256(id);
      await cache.files.delete(id);
      try {
        await client.exchange(id, () => ({ method: "DELETE" }), drained);
      } catch (error) {
        if (!(error instanceof RightsizeError) || error.code !== "artifact_missing") throw error;
      }
    },
  };
}

async function drained(response: Response): Promise<void> {
  await response.body?.cancel();
}

async function* watched(chunks: AsyncIterable<Uint8Array>, alive: Alive): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    alive();
    yield chunk;
  }
}
