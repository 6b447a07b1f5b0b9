/** The presets there are, and what an experiment's `search` must satisfy. A new preset is its file, its test, and one line here. */
import { type Issue, type Recipe, RightsizeError, type SearchSpec } from "@rightsize/core";
import type { Preset } from "./preset.ts";
import { course } from "./presets/course.ts";
import { measured } from "./presets/default.ts";
import { grid } from "./presets/grid.ts";
import { random } from "./presets/random.ts";
import { rows } from "./presets/rows.ts";

/** All presets by name. */
export const presets: Readonly<Record<string, Preset>> = { default: measured, course, grid, random };

/** Presets of experiments that the service makes by itself: nobody asks for them by name. */
const servicePresets: Readonly<Record<string, Preset>> = { rows };

/** The preset of an experiment that names none. */
export const defaultPreset = "default";

/** A preset by name. Throws `invalid_request` (where: /search/preset) on a name that there is none of. */
export function presetNamed(name: string): Preset {
  const preset = [presets, servicePresets].find((some) => Object.hasOwn(some, name))?.[name];
  if (preset !== undefined) return preset;
  throw new RightsizeError("invalid_request", `there is no preset ${name}`, { issues: [unknownPreset(name)] });
}

/** A checked search, or what is wrong with it. */
export type ParsedSearch =
  /** `search` with the defaults of every parameter filled in. */
  { readonly ok: true; readonly search: SearchSpec } | { readonly ok: false; readonly issues: readonly Issue[] };

/** Checks a search and fills in its parameters' defaults; issues point into the request, for example `/search/parameters/nodes`. */
export function parseSearch(search: SearchSpec): ParsedSearch {
  const preset = Object.hasOwn(presets, search.preset) ? presets[search.preset] : undefined;
  if (preset === undefined) return { ok: false, issues: [unknownPreset(search.preset)] };
  const parsed = preset.parse(search.parameters);
  return parsed.ok ? { ok: true, search: { preset: search.preset, parameters: parsed.parameters } } : parsed;
}

/** The training recipe of an experiment of this preset that names none. Throws `invalid_request` on an unknown preset. */
export function presetRecipe(preset: string): Recipe {
  return presetNamed(preset).recipe;
}

/** For example `course/1`: two histories are comparable decision by decision only under the same version. */
export function policyVersion(preset: string): string {
  const { name, version } = presetNamed(preset);
  return `${name}/${version}`;
}

function unknownPreset(name: string): Issue {
  return { where: "/search/preset", received: JSON.stringify(name), required: `one of ${Object.keys(presets).join(", ")}` };
}
