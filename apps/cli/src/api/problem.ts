/** What can go wrong between a client and the service, told for a person. */
import { type Problem, problemSchema } from "@rightsize/contract";
import { CliError, exitCodes } from "../errors.ts";

/** The service refused a request; `problem` is its problem+json. */
export class RequestRefused extends CliError {
  readonly status: number;
  readonly problem: Problem | null;
  constructor(status: number, problem: Problem | null, message: string) {
    super(message, exitCodes.failed);
    this.status = status;
    this.problem = problem;
  }
}

/** Reads a refusal's body; an answer that is no problem+json (a proxy's page) is told by its status alone. */
export async function refusal(response: Response): Promise<RequestRefused> {
  const text = await response.text().catch(() => "");
  const parsed = problemSchema.safeParse(parseJson(text));
  if (!parsed.success) return new RequestRefused(response.status, null, `The service answered ${response.status} ${response.statusText}.`);
  const problem = parsed.data;
  const issues = problem.issues.map(({ where, received, required }) => `  ${where}: received ${received}, needs ${required}`);
  return new RequestRefused(response.status, problem, [`${problem.title}: ${problem.detail}`, ...issues, problem.advice].join("\n"));
}

/** The error when nobody answers at an address. */
export function unreachable(url: string, cause: unknown): CliError {
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
  return new CliError(
    `No Rightsize answers at ${url} (${reason || "no connection"}).\nStart one with npm start, or name another address with --url.`,
    exitCodes.unreachable,
    { cause },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
