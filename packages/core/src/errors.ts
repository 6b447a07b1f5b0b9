/** The one registry of errors: a code, an HTTP-free kind, and what the caller should do. */

/** Kinds are mapped to HTTP statuses only in the API: invalid 422, malformed 400, not_found 404, conflict 409, too_large 413, unauthorised 401, forbidden 403, unavailable 503, internal 500. */
export type ErrorKind =
  | "malformed"
  | "invalid"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unsupported"
  | "unauthorised"
  | "forbidden"
  | "too_many"
  | "unavailable"
  | "internal";

const registry = {
  malformed_request: {
    kind: "malformed",
    title: "The request can't be read",
    advice: "Send the request as the API's documentation shows it.",
  },
  invalid_request: {
    kind: "invalid",
    title: "The request asks for something that can't be",
    advice: "Correct the named fields and send it again.",
  },
  not_found: { kind: "not_found", title: "There is no such thing", advice: "Check the id; lists show what exists." },
  conflict: { kind: "conflict", title: "The thing is not in a state that allows this", advice: "Read its state first." },
  idempotency_conflict: {
    kind: "conflict",
    title: "This Idempotency-Key was used for another request",
    advice: "Use a new key for a new request.",
  },
  too_large: {
    kind: "too_large",
    title: "The request is larger than the service accepts",
    advice: "Send less, or raise the limit in the service's configuration.",
  },
  unsupported_format: {
    kind: "unsupported",
    title: "The file's format isn't one this service reads",
    advice: "Send one of the formats named in the documentation.",
  },
  unreadable_data: { kind: "invalid", title: "The file can't be read as a table", advice: "Correct the named row and column." },
  unusable_data: {
    kind: "invalid",
    title: "The table can't be used for this question",
    advice: "Correct the named column, or choose another target.",
  },
  engine_unavailable: {
    kind: "invalid",
    title: "No such engine is available here",
    advice: "Use one of the engines that the service lists.",
  },
  unauthorised: { kind: "unauthorised", title: "A valid key is needed", advice: "Send `Authorization: Bearer <key>`." },
  forbidden: { kind: "forbidden", title: "The key's scopes don't allow this", advice: "Use a key with the named scope." },
  too_many_requests: { kind: "too_many", title: "Too many requests", advice: "Wait as Retry-After says." },
  stale_attempt: {
    kind: "conflict",
    title: "This attempt no longer holds its assignment",
    advice: "Stop the run: another attempt has it.",
  },
  unavailable: { kind: "unavailable", title: "A part of the service can't be reached", advice: "Try again in a moment." },
  artifact_missing: { kind: "not_found", title: "No bytes are stored under this hash", advice: "Upload them again." },
  artifact_corrupt: { kind: "internal", title: "Stored bytes don't match their hash", advice: "Delete them and upload them again." },
  engine_failed: { kind: "internal", title: "The engine failed", advice: "See the message; the run is tried again." },
  internal: { kind: "internal", title: "Something went wrong inside the service", advice: "See the service's log under the request's id." },
} as const satisfies Record<string, { kind: ErrorKind; title: string; advice: string }>;

export type ErrorCode = keyof typeof registry;

/** One thing that is wrong: where, what was received, what is needed. */
export interface Issue {
  /** JSON pointer into the request (`/target`), or `row 7, column price`. */
  readonly where: string;
  readonly received: string;
  readonly required: string;
}

/** Every error that we throw on purpose. `detail` is one sentence for a person. */
export class RightsizeError extends Error {
  override readonly name = "RightsizeError";
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  constructor(code: ErrorCode, detail: string, options: { issues?: readonly Issue[]; cause?: unknown } = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
  }
  get kind(): ErrorKind {
    return registry[this.code].kind;
  }
  get title(): string {
    return registry[this.code].title;
  }
  get advice(): string {
    return registry[this.code].advice;
  }
  /** Plain data, to cross a process boundary. */
  toPlain(): PlainError {
    return { code: this.code, detail: this.message, issues: this.issues };
  }
  static fromPlain(plain: PlainError): RightsizeError {
    return new RightsizeError(plain.code, plain.detail, { issues: plain.issues });
  }
}
export interface PlainError {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly issues: readonly Issue[];
}

/** Any thrown value as a RightsizeError; what is not ours becomes `internal` with the original as its cause. */
export function asRightsizeError(error: unknown): RightsizeError {
  if (error instanceof RightsizeError) return error;
  return new RightsizeError("internal", error instanceof Error ? error.message : String(error), { cause: error });
}
