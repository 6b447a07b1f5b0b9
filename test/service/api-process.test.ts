/** The API as a process: how it starts, says that it is ready, fails clearly, and stops. */
import { once } from "node:events";
import { createServer } from "node:net";
import { localOwner, newKey } from "@rightsize/core";
import { createPostgresStore } from "@rightsize/store";
import { afterEach, describe, expect, test } from "vitest";
import { withPostgres } from "../support/postgres.ts";
import { type ApiProcess, spawnApi, startApiProcess } from "./api-process.ts";

const postgres = withPostgres();
let api: ApiProcess | null = null;
afterEach(async () => {
  await api?.remove();
  api = null;
});

const csv = `a,b,y\n${Array.from({ length: 60 }, (_, row) => `${row % 7},${(row * 13) % 11},${(row % 7) + 2}`).join("\n")}\n`;
const upload = async (url: string) =>
  ((await (await fetch(`${url}/v1/datasets?name=a.csv`, { method: "POST", body: csv })).json()) as { id: string }).id;
const postExperiment = (url: string, dataset: string, key: string) =>
  fetch(`${url}/v1/experiments`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify({ dataset, target: "y", engine: { name: "scripted" } }),
  });

/** Runs one that must fail; gives its exit code and what it said. */
async function failing(environment: Readonly<Record<string, string>>) {
  const child = spawnApi(environment);
  const said: string[] = [];
  const messages: unknown[] = [];
  child.stderr?.on("data", (chunk) => void said.push(String(chunk)));
  child.on("message", (message) => messages.push(message));
  const [code] = await once(child, "exit");
  return { code: code as number, said: said.join(""), messages };
}

describe("starting", () => {
  test("on an empty database: it migrates, is ready, and says where over its channel", async () => {
    api = await startApiProcess(await postgres.newDatabase());
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const ready = await (await fetch(`${api.url}/health/ready`)).json();
    expect(ready).toMatchObject({ ready: true });
  });

  test("without a channel it says the same as one line of JSON", async () => {
    const child = spawnApi(
      { DATABASE_URL: await postgres.newDatabase(), RIGHTSIZE_PORT: "0", RIGHTSIZE_ARTIFACTS: "/tmp/rightsize-api-line/artifacts" },
      { ipc: false },
    );
    const line = await new Promise<string>((resolve) => {
      let text = "";
      child.stdout?.on("data", (chunk) => {
        text += chunk;
        const found = text.split("\n").find((candidate) => candidate.includes('"ready"'));
        if (found !== undefined) resolve(found);
      });
    });
    expect(JSON.parse(line)).toEqual({ kind: "ready", url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).toBe(0);
  });

  test("a taken port is said in one sentence, with exit code 2", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { code, said, messages } = await failing({ DATABASE_URL: await postgres.newDatabase(), RIGHTSIZE_PORT: String(port) });
    other.close();
    expect(code).toBe(2);
    expect(said).toContain(`Port ${port} on 127.0.0.1 is taken by another program.`);
    expect(said).not.toContain("    at ");
    expect(messages).toMatchObject([{ kind: "failed", message: expect.stringContaining(`Port ${port}`) }]);
  });

  test.each([["no database", {}, "DATABASE_URL: it must be set"]])("%s: exit code 2", async (_what, environment, says) => {
    const { code, said } = await failing(environment);
    expect(code).toBe(2);
    expect(said).toContain(says);
  });

  test("an address that others reach, without keys: exit code 2; with a key it starts, and answers nobody without it", async () => {
    const database = await postgres.newDatabase();
    const { code, said } = await failing({ DATABASE_URL: database, RIGHTSIZE_HOST: "0.0.0.0", RIGHTSIZE_PORT: "0" });
    expect(code).toBe(2);
    expect(said).toContain("without keys");

    const key = await newKey();
    const store = await createPostgresStore({ url: database });
    await store.keys.create({ id: key.id, owner: localOwner, name: "first", hash: key.hash, scopes: ["read"], validForMs: null });
    await store.close();
    api = await startApiProcess(database, { RIGHTSIZE_HOST: "0.0.0.0" });
    const ask = (headers: Record<string, string>) => fetch(`${api?.url}/v1/experiments`, { headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${key.token}` })).status).toBe(200);
  });

  test("a database that isn't there: exit code 1, without its password", async () => {
    const { code, said } = await failing({ DATABASE_URL: "postgres://me:hunter2@127.0.0.1:1/none" });
    expect(code).toBe(1);
    expect(said).not.toContain("hunter2");
  });
});

describe("stopping", () => {
  test("on SIGTERM, with a stream of events open, within five seconds; and a second start finds everything there", async () => {
    const database = await postgres.newDatabase();
    api = await startApiProcess(database, { RIGHTSIZE_ENGINES: "scripted" });
    const response = await postExperiment(api.url, await upload(api.url), "once");
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as { id: string };
    const stream = await fetch(`${api.url}/v1/experiments/${id}/events`);
    const reading = stream.text().catch(() => "");
    const stopped = await api.stop();
    await reading;
    expect(stopped.code).toBe(0);
    expect(stopped.tookMs).toBeLessThan(5000);

    api = await startApiProcess(database, { RIGHTSIZE_ENGINES: "scripted" }, api.folder);
    expect(await (await fetch(`${api.url}/v1/experiments/${id}`)).json()).toMatchObject({ id, target: "y" });
  });

  test("when its parent's channel closes", async () => {
    api = await startApiProcess(await postgres.newDatabase());
    const exit = once(api.process, "exit");
    api.process.disconnect();
    expect((await exit)[0]).toBe(0);
  });
});

describe("faults", () => {
  test("F12: killed during POST and asked again with the same Idempotency-Key, there is one experiment", async () => {
    const database = await postgres.newDatabase();
    const start = (folder?: string) => startApiProcess(database, { RIGHTSIZE_ENGINES: "scripted" }, folder);
    api = await start();
    for (let round = 0; round < 3; round++) {
      const dataset = await upload(api.url);
      const key = `kill-${round}`;
      const first = postExperiment(api.url, dataset, key).catch(() => "broken off");
      // From before the plan to about the commit.
      await new Promise((resolve) => setTimeout(resolve, round * 25));
      api.process.kill("SIGKILL");
      await once(api.process, "exit");
      await first;

      api = await start(api.folder);
      const again = await postExperiment(api.url, dataset, key);
      expect([200, 201], await again.clone().text()).toContain(again.status);
      const { items } = (await (await fetch(`${api.url}/v1/experiments`)).json()) as { items: unknown[] };
      expect(items).toHaveLength(round + 1);
    }
  });
});
