/** Requests are checked by the contract's zod schemas; what is wrong is said as (where, received, required). */
import { type Issue, RightsizeError } from "@rightsize/core";
import type { FastifySchemaCompiler } from "fastify";
import type { z } from "zod";

type ZodIssue = z.core.$ZodIssue;

/** Fastify's validator compiler. A path whose parameters can't be ids names nothing, so it is a 404 like any unknown id. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = httpPart ?? "body";
  return (data: unknown) => {
    const result = schema.safeParse(data);
    if (!result.success) return { error: validationError(result.error.issues, data, part) };
    const issues = [...unstorableText(result.data, part, [])];
    if (issues.length > 0)
      return { error: new RightsizeError("invalid_request", `${issues[0]?.where} holds text that can't be stored.`, { issues }) };
    return { value: result.data };
  };
};

/** The issues of a failed check as one of our errors; `part` is Fastify's name of what was checked. */
export function validationError(zodIssues: readonly ZodIssue[], data: unknown, part: string): RightsizeError {
  const issues = zodIssues.flatMap((issue) => describe(issue, data, part)).slice(0, 20);
  const first = issues[0];
  if (part === "params") return new RightsizeError("not_found", "Nothing has such an id.", { issues });
  return new RightsizeError("invalid_request", first ? `${first.where}: ${first.required} is required.` : "The request is wrong.", {
    issues,
  });
}

/** Characters that no database keeps: NUL, and halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of those that must be found
const unstorable = /\u0000|\p{Surrogate}/u;

/** Where such characters are, in values and in the names of members; looks only at plain data, never into a stream. */
function* unstorableText(value: unknown, part: string, path: readonly PropertyKey[]): Generator<Issue> {
  if (typeof value === "string") {
    if (!unstorable.test(value)) return;
    yield { where: place(part, path), received: show(value), required: "text without NUL characters and unpaired surrogates" };
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* unstorableText(item, part, [...path, index]);
  } else if (typeof value === "object" && value !== null && isPlain(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (unstorable.test(key)) yield* unstorableText(key, part, [...path, key]);
      yield* unstorableText(member, part, [...path, key]);
    }
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(issue: ZodIssue, data: unknown, part: string): Issue[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      where: place(part, [...issue.path, key]),
      received: show(lookUp(data, [...issue.path, key])),
      required: "no such member: the documentation lists those that exist",
    }));
  }
  const received = "input" in issue && issue.input !== undefined ? issue.input : lookUp(data, issue.path);
  return [{ where: place(part, issue.path), received: show(received), required: requirement(issue) }];
}

function requirement(issue: ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return aOrAn(issue.expected === "int" ? "whole number" : issue.expected);
    case "too_small": {
      const unit = unitOf(issue.origin, issue.minimum);
      return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit}`;
    }
    case "too_big": {
      const unit = unitOf(issue.origin, issue.maximum);
      return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unit}`;
    }
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "invalid_union": {
      const options = "options" in issue ? (issue.options ?? []) : [];
      if (options.length > 0) return `one of ${options.map((option) => JSON.stringify(option)).join(", ")}`;
      const alternatives = issue.errors.flatMap((errors) => (errors.length === 1 && errors[0] ? [requirement(errors[0])] : []));
      return alternatives.length > 0 ? alternatives.join(", or ") : issue.message;
    }
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    default:
      return issue.message;
  }
}

function unitOf(origin: string, count: number | bigint): string {
  const plural = Number(count) === 1 ? "" : "s";
  if (origin === "string") return ` character${plural}`;
  return origin === "array" || origin === "set" ? ` item${plural}` : "";
}

function aOrAn(name: string): string {
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
}

/** JSON pointer (RFC 6901) into a body; `?limit` for a member of the query. */
function place(part: string, path: readonly PropertyKey[]): string {
  if (part === "querystring") return `?${path.map(String).join(".")}`;
  if (part === "headers") return `header ${path.map(String).join(".")}`;
  if (part === "params") return "the path";
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("") || "the body";
}

function lookUp(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = JSON.stringify(value);
  return text === undefined ? typeof value : cut(text);
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
