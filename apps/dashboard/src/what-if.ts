/** "What if": a search's parameters as fields, the request that asks for the table under other rules, and both tables side by side. */
import type { ExperimentRequest, ExperimentView, ReplayRequest, ReplayView, TrialView } from "@rightsize/contract";

/** One value of a search's parameters as JSON text, named by its path: `stepBack.count`. */
export interface Leaf {
  readonly path: string;
  readonly text: string;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every value that is no object with members of its own. */
export function leavesOf(parameters: Readonly<Record<string, unknown>>, before = ""): readonly Leaf[] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    isObject(value) && Object.keys(value).length > 0
      ? leavesOf(value, `${before}${name}.`)
      : [{ path: `${before}${name}`, text: JSON.stringify(value) }],
  );
}

/** The parameters with some values changed. A text that is no JSON goes as the text it is: the API says what it needs instead. */
export function withLeaves(
  parameters: Readonly<Record<string, unknown>>,
  changes: ReadonlyMap<string, string>,
  before = "",
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const path = `${before}${name}`;
      const text = changes.get(path);
      if (text !== undefined) return [name, parsed(text)];
      return [name, isObject(value) ? withLeaves(value, changes, `${path}.`) : value];
    }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export interface WhatIfFields {
  /** Empty for the experiment's own. */
  readonly preset: string;
  /** Changed parameters of the experiment's own preset, by path. */
  readonly leaves: ReadonlyMap<string, string>;
  /** Empty for the recipe's own. */
  readonly patience: string;
  readonly minDelta: string;
}
export const noChange: WhatIfFields = { preset: "", leaves: new Map(), patience: "", minDelta: "" };

interface Search {
  readonly preset: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}
export const searchOf = (experiment: Pick<ExperimentView, "spec">): Search =>
  (experiment.spec.search as Search | undefined) ?? { preset: "default", parameters: {} };

const number = (text: string): number | undefined => (text.trim() === "" ? undefined : Number(text));

/** The question for the replay; only what differs from the experiment is said. */
export function replayRequestOf(experiment: Pick<ExperimentView, "spec">, fields: WhatIfFields): ReplayRequest {
  const own = searchOf(experiment);
  const patience = number(fields.patience);
  const minDelta = number(fields.minDelta);
  const search =
    fields.preset !== "" && fields.preset !== own.preset
      ? { preset: fields.preset, parameters: {} }
      : fields.leaves.size > 0
        ? { preset: own.preset, parameters: withLeaves(own.parameters, fields.leaves) }
        : undefined;
  return {
    ...(search === undefined ? {} : { search }),
    ...(patience === undefined ? {} : { patience }),
    ...(minDelta === undefined ? {} : { minDelta }),
  };
}

/** The experiment's own question under the changed rules, as a new experiment: the service takes over results that are exactly the same. */
export function continuation(experiment: Pick<ExperimentView, "spec" | "name">, change: ReplayRequest): ExperimentRequest {
  const { search, patience, minDelta, maxEpochs } = change;
  const spec = experiment.spec as unknown as ExperimentRequest;
  const recipe = {
    ...spec.recipe,
    ...(patience === undefined ? {} : { patience }),
    ...(minDelta === undefined ? {} : { minDelta }),
    ...(maxEpochs === undefined ? {} : { maxEpochs }),
  };
  return { ...spec, name: `${experiment.name}, what if`.slice(0, 200), recipe, ...(search === undefined ? {} : { search }) };
}

type Told = ReplayView["trials"][number];
export interface BothRows {
  readonly was: TrialView | null;
  readonly told: Told | null;
  readonly differs: boolean;
}

/** Row by row, as far as either table goes. */
export function sideBySide(trials: readonly TrialView[], told: readonly Told[]): readonly BothRows[] {
  return Array.from({ length: Math.max(trials.length, told.length) }, (_, index) => {
    const was = trials[index] ?? null;
    const now = told[index] ?? null;
    const size = (row: TrialView | Told | null) =>
      row === null ? "" : `${row.hiddenLayers}×${row.nodesPerLayer} ${row.nextStep} ${row.winner} ${row.score?.toPrecision(12)}`;
    return { was, told: now, differs: size(was) !== size(now) };
  });
}
