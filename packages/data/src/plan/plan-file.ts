/**
 * An experiment's plan as bytes: which row does what, and the pipeline fitted on each fold's training rows.
 *
 * Layout (little endian), equal for equal plans:
 *   0   8 bytes   "RSPLAN1\n"
 *   8   4 bytes   length of the record in bytes (uint32)
 *   12            record: canonical JSON, see `PlanRecord`
 *   …   rowCount  one byte a row, see `rowRoles`
 */
import { canonicalText, type FeatureSpec, permutation, RightsizeError, type Task } from "@rightsize/core";
import type { ImageShape } from "../columns/column-table.ts";
import type { DatePart } from "../values.ts";

const magic = "RSPLAN1\n";

/** What a row's byte means; `firstFold + f` validates in fold f and trains in all others. */
export const rowRoles = { unused: 0, test: 1, training: 2, firstFold: 3 } as const;

/** Where a feature's raw number comes from. `fill` stands for a gap: the median of the training rows. */
export type Take =
  | { readonly kind: "value"; readonly fill: number }
  | { readonly kind: "part"; readonly part: DatePart; readonly fill: number }
  /** 1 where the cell is a gap, else 0. */
  | { readonly kind: "gap" }
  /** 1 where the cell is this text, else 0. */
  | { readonly kind: "category"; readonly value: string }
  /** 1 where the cell is a text without a category of its own, else 0. */
  | { readonly kind: "other" };

/** One network input: (raw − center) / scale. */
export interface FittedFeature {
  readonly take: Take;
  readonly center: number;
  readonly scale: number;
}

/** One column's features. `width` ≥ features.length: folds that fitted fewer leave zeros, so that all folds have equal inputs. */
export interface FittedColumn {
  readonly name: string;
  readonly holds: "number" | "boolean" | "date" | "category";
  readonly width: number;
  readonly features: readonly FittedFeature[];
}

/** Standardised = (y − mean) / deviation, of log y where `log`. For classification 0, 1, false. */
export interface TargetScale {
  readonly mean: number;
  readonly deviation: number;
  readonly log: boolean;
}

export interface FoldPlan {
  readonly columns: readonly FittedColumn[];
  readonly target: TargetScale;
  /** Balanced weights, training rows / (classes × rows of the class); 1 for a class without training rows; empty for regression. */
  readonly classWeights: readonly number[];
}

/** A fold that trains on a part of another fold's training rows, and validates on the same rows. */
export interface PartOfFold {
  /** The fold by its role. */
  readonly fold: number;
  /** Training rows it keeps. */
  readonly trainingRows: number;
}

interface PlanRecord {
  readonly version: 1;
  readonly rowCount: number;
  readonly target: string;
  readonly task: Task;
  readonly features: FeatureSpec;
  readonly image: ImageShape | null;
  readonly inputs: number;
  readonly outputs: number;
  /** Classes in output order; empty for regression. */
  readonly classes: readonly string[];
  readonly folds: readonly FoldPlan[];
  /** Only in the plan of a learning curve: which part of which fold each of `folds` is, and the seed that chooses the rows. */
  readonly parts?: { readonly seed: number; readonly folds: readonly PartOfFold[] };
}

export interface PlanFile extends PlanRecord {
  /** [rowCount], see `rowRoles`. */
  readonly roles: Uint8Array;
}

/** The plan's bytes. */
export function writePlan(plan: PlanFile): Uint8Array {
  const { roles, ...record } = plan;
  const text = Buffer.from(canonicalText(record satisfies PlanRecord), "utf8");
  const bytes = Buffer.alloc(12 + text.byteLength + roles.byteLength);
  bytes.write(magic, 0, "latin1");
  bytes.writeUInt32LE(text.byteLength, 8);
  text.copy(bytes, 12);
  bytes.set(roles, 12 + text.byteLength);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The plan that `planExperiment` serialised. Throws `artifact_corrupt`. */
export function openPlan(bytes: Uint8Array): PlanFile {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const corrupt = (what: string, cause?: unknown) => new RightsizeError("artifact_corrupt", `The plan can't be read: ${what}.`, { cause });
  if (buffer.toString("latin1", 0, 8) !== magic) throw corrupt("it doesn't begin as one");
  const length = buffer.byteLength < 12 ? Number.POSITIVE_INFINITY : buffer.readUInt32LE(8);
  if (12 + length > buffer.byteLength) throw corrupt("it is cut off");
  let record: PlanRecord;
  try {
    record = JSON.parse(buffer.toString("utf8", 12, 12 + length)) as PlanRecord;
  } catch (error) {
    throw corrupt("its record isn't JSON", error);
  }
  const roles = new Uint8Array(buffer.subarray(12 + length));
  if (record.version !== 1 || roles.length !== record.rowCount) throw corrupt("its parts don't fit together");
  return { ...record, roles };
}

/** Row numbers of the table for one fold, each ascending. */
export function foldRows(
  plan: Pick<PlanFile, "roles" | "folds" | "parts">,
  fold: number,
): { readonly training: Int32Array; readonly validation: Int32Array; readonly test: Int32Array } {
  if (!Number.isInteger(fold) || fold < 0 || fold >= plan.folds.length) {
    throw new RightsizeError("invalid_request", `The plan has no fold ${fold}.`, {
      issues: [{ where: "/fold", received: String(fold), required: `0 to ${plan.folds.length - 1}` }],
    });
  }
  const part = plan.parts?.folds[fold];
  return plan.parts === undefined || part === undefined ? rowsOfFold(plan.roles, fold) : rowsOfPart(plan.roles, part, plan.parts.seed);
}

/** The first rows of a seeded order of the fold's training rows, so that a smaller part lies within every larger one; no test rows. */
function rowsOfPart(roles: Uint8Array, { fold, trainingRows }: PartOfFold, seed: number): ReturnType<typeof rowsOfFold> {
  const { training, validation } = rowsOfFold(roles, fold);
  const chosen = permutation(training.length, seed, "sample", 0, fold).subarray(0, trainingRows).sort();
  return { training: chosen.map((position) => training[position] as number), validation, test: new Int32Array(0) };
}

/** The rows of one fold by their roles, each part ascending. */
export function rowsOfFold(
  roles: Uint8Array,
  fold: number,
): { readonly training: Int32Array; readonly validation: Int32Array; readonly test: Int32Array } {
  const [training, validation, test] = rowsByPart(roles, 3, (role) => {
    if (role === rowRoles.test) return 2;
    if (role === rowRoles.firstFold + fold) return 1;
    return role >= rowRoles.training ? 0 : null;
  }) as [Int32Array, Int32Array, Int32Array];
  return { training, validation, test };
}

/** Rows of some roles, ascending. */
export function rowsWith(roles: Uint8Array, wanted: (role: number) => boolean): Int32Array {
  return rowsByPart(roles, 1, (role) => (wanted(role) ? 0 : null))[0] as Int32Array;
}

/** Rows dealt into parts by their roles, ascending; a role whose part is null is in none. */
function rowsByPart(roles: Uint8Array, partCount: number, partOf: (role: number) => number | null): Int32Array[] {
  const counts = new Uint32Array(256);
  for (let row = 0; row < roles.length; row++) counts[roles[row] as number] = (counts[roles[row] as number] as number) + 1;
  // Rows without a part go into one that nobody gets.
  const partByRole = Uint8Array.from({ length: 256 }, (_, role) => partOf(role) ?? partCount);
  const sizes = new Uint32Array(partCount + 1);
  for (let role = 0; role < 256; role++) {
    const part = partByRole[role] as number;
    sizes[part] = (sizes[part] as number) + (counts[role] as number);
  }
  const parts = Array.from(sizes, (size) => new Int32Array(size));
  const used = new Uint32Array(partCount + 1);
  for (let row = 0; row < roles.length; row++) {
    const part = partByRole[roles[row] as number] as number;
    const at = used[part] as number;
    (parts[part] as Int32Array)[at] = row;
    used[part] = at + 1;
  }
  return parts.slice(0, partCount);
}
