/** What can go wrong between a client and the service: three errors that a program can tell apart, each with a message for a person. */
import { type Problem, problemSchema } from "@rightsize/contract";

/** The base of all errors of this package. */
export class ClientError extends Error {
  override readonly name: string = "ClientError";
}

/** The service refused a request; `problem` is its problem+json (RFC 9457), null where the answer was none (a proxy's page). */
export class RequestRefused extends ClientError {
  override readonly name = "RequestRefused";
  /** Of HTTP. */
  readonly status: number;
  readonly problem: Problem | null;
  constructor(status: number, problem: Problem | null, message: string) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

/** Nobody answered, or the connection broke before the answer was complete. */
export class ServiceUnreachable extends ClientError {
  override readonly name = "ServiceUnreachable";
  readonly url: string;
  constructor(url: string, cause: unknown) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    super(`No Rightsize answers at ${url} (${reason || "no connection"}).`, { cause });
    this.url = url;
  }
}

/** An answer that the contract doesn't know: the service is of another version than this package. */
export class AnswerNotUnderstood extends ClientError {
  override readonly name = "AnswerNotUnderstood";
}

/** Reads a refusal's body; an answer that is no problem+json is told by its status alone. */
export async function refusal(response: Response): Promise<RequestRefused> {
  const text = await response.text().catch(() => "");
  const parsed = problemSchema.safeParse(parseJson(text));
  if (!parsed.success) return new RequestRefused(response.status, null, `The service answered ${response.status} ${response.statusText}.`);
  const problem = parsed.data;
  const issues = problem.issues.map(({ where, received, required }) => `  ${where}: received ${received}, needs ${required}`);
  return new RequestRefused(response.status, problem, [`${problem.title}: ${problem.detail}`, ...issues, problem.advice].join("\n"));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
