/** What a user asks: a dataset, a target, a split, a search, a recipe and an engine. Stored whole, never changed. */
import type { Capacity } from "./capacity.ts";
import type { ExperimentId, Sha256 } from "./ids.ts";
import type { Recipe } from "./recipe.ts";

export const tasks = ["regression", "classification"] as const;
export type Task = (typeof tasks)[number];

/** Which rows train, validate and test. Row numbers count data rows from 0 (the header is no row). */
export type SplitSpec =
  | {
      readonly kind: "random" /** (0, 1) of the rows that are not test rows */;
      readonly validationFraction: number /** [0, 1) of all rows */;
      readonly testFraction: number;
      readonly seed: number /** Keep class shares equal */;
      readonly stratify: boolean;
    }
  | {
      readonly kind: "rows";
      readonly training: readonly number[];
      readonly validation: readonly number[];
      readonly test: readonly number[];
    }
  | {
      readonly kind: "folds" /** ≥ 2 */;
      readonly folds: number;
      readonly testFraction: number;
      readonly seed: number;
      readonly stratify: boolean;
    }
  | {
      readonly kind: "group";
      readonly column: string;
      readonly validationFraction: number;
      readonly testFraction: number;
      readonly seed: number;
    }
  | { readonly kind: "time"; readonly column: string; readonly validationFraction: number; readonly testFraction: number };

export type ScaleNumbers = "standard" | "robust" | "none";

/** How columns become features. Everything it fits is fitted on training rows only. */
export interface FeatureSpec {
  /** Columns to use; null takes all that are usable. */
  readonly include: readonly string[] | null;
  readonly exclude: readonly string[];
  readonly scale: ScaleNumbers;
  /** Most categories of one column before the rest become `other`, ≥ 2. */
  readonly maxCategories: number;
  /** Regression: learn log(target); needs a target > 0. */
  readonly logTarget: boolean;
}

export const defaultFeatures: FeatureSpec = { include: null, exclude: [], scale: "standard", maxCategories: 32, logTarget: false };

/** A preset's name and its own parameters (each preset validates and documents its own). */
export interface SearchSpec {
  readonly preset: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What the scripted engine plays for one run: its validation losses, how long an epoch takes, how it fails. */
export interface ScriptedRun {
  readonly capacity: Capacity;
  /** null plays for every seed. */
  readonly seed: number | null;
  /** The run's validation loss at its best epoch; NaN is no score: use `fails`. */
  readonly score: number;
  readonly epochs?: number;
  readonly epochMs?: number;
  readonly fails?: "diverges" | "crashes";
}

export interface Script {
  readonly runs: readonly ScriptedRun[];
  /** For capacities that no run names. */
  readonly otherwise: { readonly score: number; readonly epochs: number; readonly epochMs: number };
}

export const engineNames = ["onnx", "tensorflow", "scripted"] as const;
export type EngineName = (typeof engineNames)[number];

export interface EngineSpec {
  readonly name: EngineName;
  /** Only for the scripted engine. */
  readonly script?: Script;
}

/**
 * Limits that end an experiment honestly, with the best so far. null is no limit. One on time also ends the runs that are under way when it
 * is passed: they have no score, and what was completed before is the answer; working that out comes after the limit.
 */
export interface ExperimentLimits {
  readonly maxTrials: number | null;
  readonly maxParameterCount: number | null;
  /** Training time of all runs together, in seconds on one slot. Experiments of before it was known have none. */
  readonly cpuSeconds?: number | null;
  /** From the first claim, in seconds of the database's clock, pauses included. */
  readonly wallSeconds?: number | null;
}

/**
 * The model that is delivered: the winner's best run alone, or the mean of the predictions of the best runs of any size (of the winner's
 * runs where folds are the replicates, since losses of different folds can't be ranked).
 */
export type DeliverySpec = { readonly kind: "single" } | { readonly kind: "mean_of_best" /** ≥ 2 */; readonly runs: number };

export interface ExperimentSpec {
  readonly name: string;
  readonly dataset: Sha256;
  readonly target: string;
  readonly task: Task;
  readonly features: FeatureSpec;
  readonly split: SplitSpec;
  readonly search: SearchSpec;
  readonly recipe: Recipe;
  readonly engine: EngineSpec;
  readonly limits: ExperimentLimits;
  readonly delivery: DeliverySpec;
  /** Whole number ≥ 0; every random choice of the experiment follows from it. */
  readonly seed: number;
  /** The experiment whose learning curve over rows this one trains; absent for all others. */
  readonly learningCurveOf?: ExperimentId;
}
