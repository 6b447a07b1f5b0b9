/** The rules of the house hold for every file; and each rule is shown to see a file that breaks it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  anyTypes,
  cycles,
  environmentReads,
  forbiddenRooms,
  foreignLibraries,
  impurities,
  mayImport,
  mostLines,
  pastTheIndex,
  tooLong,
  undeclaredLibraries,
  withoutPurpose,
} from "./rules.ts";
import { type SourceFacts, sourceFacts } from "./source-facts.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const skipped = new Set(["node_modules", "dist", "dist-types", "generated", "fixtures", "results", "landscapes"]);

function* sourceFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* sourceFiles(path);
    else if (/\.(ts|tsx|mts|mjs)$/.test(entry.name)) yield path;
  }
}

const files = ["packages", "apps", "test"].flatMap((folder) =>
  [...sourceFiles(join(root, folder))].map((path) => sourceFacts(relative(root, path).replaceAll("\\", "/"), readFileSync(path, "utf8"))),
);
/** What runs in production, as opposed to tests and tools. */
const sources = files.filter(({ path, room }) => room !== null && path.startsWith(`${room}/src/`));

function declaredBy(room: string): readonly string[] {
  const { name, dependencies, devDependencies, peerDependencies } = JSON.parse(readFileSync(join(root, room, "package.json"), "utf8"));
  return [name, ...Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })];
}

describe("every file keeps the rules", () => {
  test("there are files to look at, in every room", () => {
    expect(new Set(sources.map(({ room }) => room))).toEqual(new Set(Object.keys(mayImport)));
  });
  test("rooms import only the rooms they may know", () => {
    expect(sources.flatMap(forbiddenRooms)).toEqual([]);
  });
  test("nobody reaches past a package's index", () => {
    expect(files.flatMap(pastTheIndex)).toEqual([]);
  });
  test("Prisma and pg stay in store, BullMQ in queue, ONNX and TensorFlow in engine, DuckDB in data, Fastify in api, React in dashboard", () => {
    expect(sources.flatMap(foreignLibraries)).toEqual([]);
  });
  test("every imported library is named in the room's package.json", () => {
    const rooms = Object.keys(mayImport);
    const violations = rooms.flatMap((room) => {
      const declared = declaredBy(room);
      return sources.filter((file) => file.room === room).flatMap((file) => undeclaredLibraries(file, declared));
    });
    expect(violations).toEqual([]);
  });
  test("there are no import cycles, among files or rooms", () => {
    expect(cycles(sources)).toEqual([]);
  });
  test("the environment is read in one file per app", () => {
    expect(sources.flatMap(environmentReads)).toEqual([]);
  });
  test("nothing is any", () => {
    expect(files.flatMap(anyTypes)).toEqual([]);
  });
  test(`no file is longer than ${mostLines} lines`, () => {
    expect(files.flatMap(tooLong)).toEqual([]);
  });
  test("every source file begins by saying what it is for", () => {
    expect(sources.flatMap(withoutPurpose)).toEqual([]);
  });
  test("policy is pure", () => {
    expect(sources.filter(({ room }) => room === "packages/policy").flatMap(impurities)).toEqual([]);
  });
});

describe("each rule sees what breaks it", () => {
  const facts = (path: string, text: string): SourceFacts => sourceFacts(path, text);

  test("a room that imports one it may not know, by value, by type, or late", () => {
    const text = `import { a } from "@rightsize/store";\nexport type * from "@rightsize/queue";\nconst b = await import("@rightsize/data");\ntype C = import("@rightsize/engine").Engine;\nimport type { D } from "@rightsize/core";`;
    expect(forbiddenRooms(facts("packages/policy/src/a.ts", text))).toEqual([
      "packages/policy/src/a.ts:1 imports @rightsize/store",
      "packages/policy/src/a.ts:2 imports @rightsize/queue",
      "packages/policy/src/a.ts:3 imports @rightsize/data",
      "packages/policy/src/a.ts:4 imports @rightsize/engine",
    ]);
    expect(forbiddenRooms(facts("apps/dashboard/src/a.tsx", `import { x } from "@rightsize/orchestrator";`))).toHaveLength(1);
    expect(forbiddenRooms(facts("apps/api/src/a.ts", `import { x } from "@rightsize/worker";`))).toHaveLength(1);
    expect(forbiddenRooms(facts("packages/new-room/src/a.ts", `import { x } from "@rightsize/core";`))).toHaveLength(1);
  });

  test("a path past an index, inside a package or out of one's own room", () => {
    const text = `import { a } from "@rightsize/core/src/ids.ts";\nimport { b } from "../../core/src/ids.ts";\nimport { c } from "./c.ts";\nimport d from "../package.json";`;
    expect(pastTheIndex(facts("packages/data/src/a.ts", text))).toEqual([
      "packages/data/src/a.ts:1 imports @rightsize/core/src/ids.ts",
      "packages/data/src/a.ts:2 imports ../../core/src/ids.ts",
    ]);
    expect(pastTheIndex(facts("test/service/a.test.ts", `import { a } from "../../packages/core/src/ids.ts";`))).toHaveLength(1);
    expect(pastTheIndex(facts("test/service/a.test.ts", `import { a } from "../../packages/core/test/helpers.ts";`))).toEqual([]);
    expect(pastTheIndex(facts("packages/data/src/a.ts", `import { a } from "../../core/test/helpers.ts";`))).toHaveLength(1);
  });

  test("a library in a room that may not know it", () => {
    const text = `import { Client } from "pg";\nimport { Queue } from "bullmq";\nimport * as tf from "@tensorflow/tfjs-core/dist/x.js";\nimport fastify from "fastify";`;
    expect(foreignLibraries(facts("packages/store/src/a.ts", text))).toEqual([
      "packages/store/src/a.ts:2 imports bullmq",
      "packages/store/src/a.ts:3 imports @tensorflow/tfjs-core/dist/x.js",
      "packages/store/src/a.ts:4 imports fastify",
    ]);
  });

  test("a library that package.json doesn't name", () => {
    const file = facts(
      "packages/data/src/a.ts",
      `import a from "left-pad";\nimport { z } from "zod/v4";\nimport { join } from "node:path";`,
    );
    expect(undeclaredLibraries(file, ["zod"])).toEqual(["packages/data/src/a.ts:1 imports left-pad"]);
  });

  test("cycles of two files, of three, and of rooms", () => {
    const two = [facts("packages/a/src/a.ts", `import "./b.ts";`), facts("packages/a/src/b.ts", `export * from "./a.ts";`)];
    expect(cycles(two)).toEqual(["packages/a/src/a.ts → packages/a/src/b.ts → packages/a/src/a.ts"]);
    const three = [
      facts("packages/a/src/z/c.ts", `import "../a.ts";`),
      facts("packages/a/src/a.ts", `import type { B } from "./b.ts";`),
      facts("packages/a/src/b.ts", `import { c } from "./z/c.ts";`),
    ];
    expect(cycles(three)).toEqual(["packages/a/src/a.ts → packages/a/src/b.ts → packages/a/src/z/c.ts → packages/a/src/a.ts"]);
    const rooms = [facts("packages/a/src/a.ts", `import "@rightsize/b";`), facts("packages/b/src/b.ts", `import "@rightsize/a";`)];
    expect(cycles(rooms)).toEqual(["packages/a → packages/b → packages/a"]);
  });

  test("the environment read outside a config file; handing it on whole to a child is no reading", () => {
    const text = "const key = process.env.KEY;\nspawn(a, { env: { ...process.env, A: 1 } });";
    expect(environmentReads(facts("apps/api/src/a.ts", text))).toEqual(["apps/api/src/a.ts:1 reads process.env"]);
    expect(environmentReads(facts("apps/api/src/config.ts", text))).toEqual([]);
  });

  test("any, but not the word any", () => {
    const text = `const any = "any"; // any\nfunction f(a: any[]): Map<string, any> { return a as any; }`;
    expect(anyTypes(facts("packages/a/src/a.ts", text))).toEqual(Array(3).fill("packages/a/src/a.ts:2 says any"));
  });

  test("a file that is too long, or doesn't say what it is for", () => {
    expect(tooLong(facts("packages/a/src/a.ts", "\n".repeat(mostLines)))).toEqual([]);
    expect(tooLong(facts("packages/a/src/a.ts", "\n".repeat(mostLines + 1)))).toHaveLength(1);
    expect(withoutPurpose(facts("packages/a/src/a.ts", "const a = 1;"))).toHaveLength(1);
  });

  test("clock, chance, I/O and waiting in policy", () => {
    const text = `import { readFileSync } from "node:fs";\nconst a = Math.random() + Date.now();\nconst b = async () => {};\nsetTimeout(b, performance.now());`;
    const found = impurities(facts("packages/policy/src/a.ts", text)).map((line) => line.split(" ").at(-1));
    expect(found.toSorted()).toEqual(["Date", "Math.random", "async", "node:fs", "performance", "setTimeout"]);
  });
});
