/** What a preset is: a name, a version, documented parameters with defaults, a training recipe, and one pure function. */
import { type Decision, type History, type Issue, type PolicyContext, type Recipe, RightsizeError } from "@rightsize/core";
import type { z } from "zod";

/** A preset as its file writes it. */
export interface PresetDefinition<Parameters> {
  readonly name: string;
  /** Raised whenever the same history may lead to another decision. */
  readonly version: number;
  /** One sentence for a person. */
  readonly summary: string;
  /** The recipe of an experiment that names none. */
  readonly recipe: Recipe;
  /** Strict, every member with a default and a description. */
  readonly parameters: z.ZodType<Parameters>;
  /** The rule. Called only when everything asked for has ended and no limit was reached. */
  readonly next: (context: PolicyContext, parameters: Parameters, history: History) => Decision;
}

/** Parameters with defaults filled in, or what is wrong with them. */
export type ParsedParameters =
  | { readonly ok: true; readonly parameters: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** A preset as everybody else sees it; its parameters' type is its own affair. */
export interface Preset {
  readonly name: string;
  readonly version: number;
  readonly summary: string;
  readonly recipe: Recipe;
  /** For documentation (`z.toJSONSchema`). */
  readonly schema: z.ZodType;
  /** Fills in defaults, or says what is wrong with JSON pointers from `/search/parameters`. */
  readonly parse: (parameters: unknown) => ParsedParameters;
  /** Throws `invalid_request` when the context's parameters don't parse. */
  readonly next: (context: PolicyContext, history: History) => Decision;
}

/** Closes a definition over its parameters' type. */
export function definePreset<Parameters extends object>(definition: PresetDefinition<Parameters>): Preset {
  const { name, version, summary, recipe } = definition;
  const parse = (parameters: unknown) => definition.parameters.safeParse(parameters, { reportInput: true });
  return {
    name,
    version,
    summary,
    recipe,
    schema: definition.parameters,
    parse: (parameters) => {
      const parsed = parse(parameters);
      if (parsed.success) return { ok: true, parameters: Object.fromEntries<unknown>(Object.entries(parsed.data)) };
      return { ok: false, issues: issuesOf(parsed.error, parameters) };
    },
    next: (context, history) => {
      const parsed = parse(context.parameters);
      if (parsed.success) return definition.next(context, parsed.data, history);
      throw new RightsizeError("invalid_request", `the parameters of preset ${name} are wrong`, {
        issues: issuesOf(parsed.error, context.parameters),
      });
    },
  };
}

function issuesOf(error: z.core.$ZodError, parameters: unknown): readonly Issue[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({
        where: pointer([...path, key]),
        received: shown(valueAt(parameters, [...path, key])),
        required: "a parameter of this preset: there is none of this name",
      }));
    return [{ where: pointer(path), received: shown(valueAt(parameters, path)), required: issue.message }];
  });
}

/** RFC 6901. */
function pointer(path: readonly string[]): string {
  return ["/search/parameters", ...path.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
