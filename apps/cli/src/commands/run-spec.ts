/** What `run --spec` names: an experiment's request as a file (one of examples/, or a bare request) or as JSON on the command line. */
import { readFile } from "node:fs/promises";
import { experimentRequestSchema } from "@rightsize/contract";
import type { z } from "zod";
import { usageError } from "../errors.ts";
import { unreadable } from "./open-file.ts";

export interface RunSpec {
  /** Parts of POST /v1/experiments; each was checked by itself. */
  readonly request: Readonly<Record<string, unknown>>;
  /** What an example says about itself; null for a bare request. */
  readonly title: string | null;
  readonly lookFor: string | null;
}

/** The request without what the command line adds. */
const partsSchema = experimentRequestSchema.partial({ dataset: true, target: true });

/** Reads the option's value; throws a usage error that names the file, or shows the text, and what is wrong with it. */
export async function readSpec(option: string | null): Promise<RunSpec> {
  if (option === null) return { request: {}, title: null, lookFor: null };
  const inline = option.trimStart().startsWith("{");
  const value = inline ? objectIn(option, `--spec takes a JSON object; this is ${option}`) : await objectInFile(option);
  const example = isObject(value.request) ? value.request : null;
  const request = example ?? value;
  const parsed = partsSchema.safeParse(request);
  if (!parsed.success) throw usageError(`${inline ? "--spec" : option} can't be asked:\n${issueLines(parsed.error)}`, "run");
  return {
    request,
    title: example !== null && typeof value.title === "string" ? value.title : null,
    lookFor: example !== null && typeof value.lookFor === "string" ? value.lookFor : null,
  };
}

/** What is wrong with a request, a line each: `  recipe.patience: …`. */
export function issueLines(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `  ${path.map(String).join(".") || "the request"}: ${message}`).join("\n");
}

async function objectInFile(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw unreadable(`--spec ${file}`, error);
  });
  return objectIn(text, `--spec ${file} holds no JSON object`);
}

function objectIn(text: string, refusal: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch (error) {
    throw usageError(`${refusal} (${error instanceof Error ? error.message : error})`, "run");
  }
  throw usageError(refusal, "run");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
