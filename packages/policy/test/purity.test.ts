/** Policy is pure: its sources import core and zod alone, and name no clock, random source, process or promise. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const sources = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const impure =
  /\b(Date|performance|process|globalThis|fetch|crypto|setTimeout|setInterval|setImmediate|queueMicrotask|require|console|Promise|async|await|eval|Intl)\b|Math\.(random|log|exp|pow|sin|cos|tan|cbrt|hypot|atan|sinh|cosh|tanh|expm1|log1p|log2|log10)\b|toLocale|\*\*/;

/** Source without comments (none of ours holds a string with `//` or `/*` in it). */
const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\/\/.*$/gm, "");

it.each(files)("%s imports only core, zod and its own room", (name) => {
  const text = readFileSync(join(sources, name), "utf8");
  const imported = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"\s]+)"/g)].map((match) => match[1] as string);
  expect(
    imported.filter((from) => !from.startsWith("./") && !from.startsWith("../") && from !== "@rightsize/core" && from !== "zod"),
  ).toEqual([]);
});

it.each(files)("%s names nothing impure", (name) => {
  expect(withoutComments(readFileSync(join(sources, name), "utf8")).match(impure)?.[0]).toBeUndefined();
});

it.each(files)("%s says in its first line what it is for", (name) => {
  expect(readFileSync(join(sources, name), "utf8")).toMatch(/^\/\*\*/);
});
