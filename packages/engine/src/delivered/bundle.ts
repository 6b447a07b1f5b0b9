/** The bundle of a delivered model: one zip file of named files, equal bytes for equal files, with their SHA-256 sums inside. */
import { createHash } from "node:crypto";
import { RightsizeError } from "@rightsize/core";
import { unzipSync, type Zippable, zipSync } from "fflate";
import { type DeliveredModel, openDeliveredModel } from "./open-delivered.ts";
import type { DeliveredSchema } from "./schema.ts";

/** Names in the bundle that programs rely on. */
export const bundleNames = { model: "model.onnx", pipeline: "pipeline.json", sums: "SHA256SUMS" } as const;

/** Zip keeps local time: noon is the same day everywhere. */
const anyTime = new Date(1980, 0, 1, 12);

/** The zip's bytes, SHA256SUMS (as `sha256sum -c` reads it) added. Weights are stored as they are: they hardly shrink. */
export function writeBundle(files: ReadonlyMap<string, Uint8Array | string>): Uint8Array {
  const encoder = new TextEncoder();
  const all = new Map([...files].map(([name, content]) => [name, typeof content === "string" ? encoder.encode(content) : content]));
  const sums = [...all].map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`).sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  all.set(bundleNames.sums, encoder.encode(sums.join("")));
  const zippable: Zippable = {};
  for (const name of [...all.keys()].sort()) zippable[name] = [all.get(name) as Uint8Array, { level: /\.(onnx|bin)$/.test(name) ? 0 : 6 }];
  return zipSync(zippable, { mtime: anyTime });
}

/** The files of a bundle, each checked against its sum; `only` leaves out the others. Throws `artifact_corrupt`. */
export function readBundle(bytes: Uint8Array, only?: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const corrupt = (what: string, cause?: unknown) => new RightsizeError("artifact_corrupt", `The model can't be read: ${what}.`, { cause });
  const wanted = (name: string) => only === undefined || only.includes(name) || name === bundleNames.sums;
  let files: Map<string, Uint8Array>;
  try {
    files = new Map(Object.entries(unzipSync(bytes, { filter: ({ name }) => wanted(name) })));
  } catch (cause) {
    throw corrupt("it is no zip file", cause);
  }
  const sums = new Map(
    new TextDecoder()
      .decode(files.get(bundleNames.sums))
      .split("\n")
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  files.delete(bundleNames.sums);
  for (const name of only ?? []) if (!files.has(name)) throw corrupt(`${name} is missing`);
  for (const [name, content] of files) if (sums.get(name) !== sha256(content)) throw corrupt(`${name} is damaged`);
  return files;
}

/** Loads the model of a bundle. Throws `artifact_corrupt`. */
export async function openBundledModel(bytes: Uint8Array): Promise<DeliveredModel> {
  const files = readBundle(bytes, [bundleNames.model, bundleNames.pipeline]);
  const schema = JSON.parse(new TextDecoder().decode(files.get(bundleNames.pipeline))) as DeliveredSchema;
  return openDeliveredModel(files.get(bundleNames.model) as Uint8Array, schema);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
