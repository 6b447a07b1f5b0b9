/** Branded identifiers: each kind of id is its own type, so that a run's id can't be passed where a trial's is needed. */

/** A string that carries the name of what it identifies (in its type only; at run time it is a plain string). */
export type Id<Kind extends string> = string & { readonly __kind: Kind };

export type ExperimentId = Id<"experiment">;
export type TrialId = Id<"trial">;
export type RunId = Id<"run">;
export type AssignmentId = Id<"assignment">;
export type WorkerId = Id<"worker">;
/** SHA-256 of some bytes, 64 lower-case hexadecimal digits. Datasets and artifacts are named by it. */
export type Sha256 = Id<"sha256">;
/** Whoever owns a row; `local` where the service runs without keys. */
export type OwnerId = Id<"owner">;

/** The owner of everything in a service that runs without keys. */
export const localOwner = "local" as OwnerId;

const prefixes = { experiment: "exp", trial: "tri", run: "run", assignment: "asg", worker: "wrk" } as const;
/** The kinds of id that we make ourselves (a SHA-256 is computed, never made). */
export type IdKind = keyof typeof prefixes;

/** Makes new ids; injected, so that tests can count `exp_1`, `exp_2`, … */
export type IdSource = <Kind extends IdKind>(kind: Kind) => Id<Kind>;

/** Ids of 122 random bits, for example `exp_5f0c…`; they hold no colon, which BullMQ forbids in job ids. */
export const randomIds: IdSource = <Kind extends IdKind>(kind: Kind) =>
  `${prefixes[kind]}_${globalThis.crypto.randomUUID().replaceAll("-", "")}` as Id<Kind>;

/** Ids counted from 1 for each kind, for example `tri_1`; for tests that compare whole histories. */
export function countedIds(): IdSource {
  const next = new Map<IdKind, number>();
  return <Kind extends IdKind>(kind: Kind) => {
    const number = (next.get(kind) ?? 0) + 1;
    next.set(kind, number);
    return `${prefixes[kind]}_${number}` as Id<Kind>;
  };
}

const sha256Pattern = /^[0-9a-f]{64}$/;
/** Whether a string has the form of a SHA-256 (64 lower-case hexadecimal digits). */
export function isSha256(text: string): text is Sha256 {
  return sha256Pattern.test(text);
}
