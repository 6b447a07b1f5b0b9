/** The container files agree with the apps: the same starts, and only settings that an app reads. No Docker engine is needed. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const withoutComments = (text: string): string => text.replaceAll(/^\s*#.*$/gm, "");

const dockerfile = withoutComments(read("Dockerfile"));
const compose = withoutComments(read("docker-compose.yml"));
const environment = { ...process.env, POSTGRES_PASSWORD: "one", REDIS_PASSWORD: "two" };

/** `docker compose`, or the older `docker-compose`, or null where there is neither. */
function composeCommand(): readonly string[] | null {
  return (
    [["docker", "compose"], ["docker-compose"]].find(([program, ...rest]) => spawnSync(program ?? "", [...rest, "version"]).status === 0) ??
    null
  );
}
const command = composeCommand();

test.skipIf(command === null)(`docker compose accepts the file${command === null ? " (skipped: no docker compose here)" : ""}`, () => {
  const [program = "", ...rest] = command ?? [];
  const check = (env: NodeJS.ProcessEnv) =>
    spawnSync(program, [...rest, "-f", new URL("docker-compose.yml", root).pathname, "config", "--quiet"], { env, encoding: "utf8" });
  expect(check(environment)).toMatchObject({ status: 0 });
  // Nobody runs with a password that stands in a public file.
  const { POSTGRES_PASSWORD: _, ...without } = environment;
  expect(check(without).stderr).toContain("choose a password for Postgres");
});

test("each image starts what `npm start` starts for its part", () => {
  const launcher = read("apps/cli/src/launcher/workspace-paths.ts");
  const starts = [...dockerfile.matchAll(/^CMD \["node", "([^"]+)"\]$/gm)].map((match) => match[1] ?? "");
  expect(starts).toEqual(["apps/api/dist/main.js", "apps/worker/dist/main.js", "apps/worker/dist/main.js"]);
  for (const start of starts) {
    expect(launcher).toContain(`"${start}"`);
    expect(existsSync(new URL(start.replace("/dist/", "/src/").replace(/js$/, "ts"), root))).toBe(true);
  }
});

test("the compose file builds the Dockerfile's targets", () => {
  const targets = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map((match) => match[1]);
  const asked = [...compose.matchAll(/target: ([\w-]+)/g)].map((match) => match[1]);
  expect(asked).toEqual(["api", "worker", "worker-gpu"]);
  for (const target of asked) expect(targets).toContain(target);
});

test("every setting in the container files is one that an app reads", () => {
  const configurations = ["api", "worker"].map((app) => read(`apps/${app}/src/config.ts`)).join("\n");
  const settings = [
    ...[...compose.matchAll(/^\s+((?:RIGHTSIZE|DATABASE|REDIS)_\w+):/gm)].map((match) => match[1] ?? ""),
    ...[...dockerfile.matchAll(/\b(RIGHTSIZE_\w+)=/g)].map((match) => match[1] ?? ""),
  ];
  expect(settings).toContain("DATABASE_URL");
  for (const setting of new Set(settings)) expect(configurations, setting).toMatch(new RegExp(`\\b${setting}:`));
});

test("Redis keeps every job: it evicts nothing and appends to its file", () => {
  expect(compose).toMatch(/"--appendonly", "yes".*"--maxmemory-policy", "noeviction"/);
});
