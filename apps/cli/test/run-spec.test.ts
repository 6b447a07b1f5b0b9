/** What `run --spec` takes, and what it says of a bad file. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSpec } from "../src/commands/run-spec.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-spec-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(folder, "spec.json");
  writeFileSync(path, text);
  return path;
}

test("an example's request is taken with its title and what to look for", async () => {
  const example = { title: "Patience", lookFor: "The end.", data: "cars.json", request: { target: "mpg", recipe: { patience: 1 } } };
  expect(await readSpec(file(JSON.stringify(example)))).toEqual({ request: example.request, title: "Patience", lookFor: "The end." });
});

test("a bare request is taken from a file and from the command line", async () => {
  const bare = { target: "mpg", seed: 3 };
  for (const option of [file(JSON.stringify(bare)), JSON.stringify(bare)])
    expect(await readSpec(option)).toEqual({ request: bare, title: null, lookFor: null });
  expect((await readSpec(null)).request).toEqual({});
});

const bad: readonly (readonly [string, string, RegExp])[] = [
  ["torn", "{torn", /--spec .*spec\.json holds no JSON object \(.*JSON/],
  ["a list", "[1]", /--spec .*spec\.json holds no JSON object/],
  ["a wrong value", '{"request":{"recipe":{"patience":0}}}', /spec\.json can't be asked:\n {2}recipe\.patience: /],
  ["an unknown part", '{"recipes":{}}', /spec\.json can't be asked:\n {2}the request: .*recipes/],
];
test.each(bad)("a file that is bad by %s is refused with its name and the reason", async (_, text, message) => {
  await expect(readSpec(file(text))).rejects.toThrow(message);
});

test("a file that isn't there is refused with its name", async () => {
  await expect(readSpec(join(folder, "none.json"))).rejects.toThrow(/--spec .*none\.json can't be read: there is no such file/);
});
