/** The one mapping of errors to HTTP: every error leaves as RFC 9457 problem+json, with no stack trace and no secret. */
import type { Problem } from "@rightsize/contract";
import { type ErrorCode, type ErrorKind, RightsizeError } from "@rightsize/core";
import type { FastifyReply, FastifyRequest } from "fastify";

export const problemType = "application/problem+json";

export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  malformed: 400,
  invalid: 422,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  unauthorised: 401,
  forbidden: 403,
  too_many: 429,
  unavailable: 503,
  internal: 500,
};

/** Errors that Fastify and its plugins throw carry only a status; the rest of the 4xx are malformed requests. */
const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  401: "unauthorised",
  403: "forbidden",
  404: "not_found",
  413: "too_large",
  415: "unsupported_format",
  429: "too_many_requests",
  503: "unavailable",
};

/** Any thrown value as one of our errors. What we didn't foresee becomes `internal` with a sentence that tells nothing of it. */
export function toRightsizeError(error: unknown): RightsizeError {
  if (error instanceof RightsizeError) return error.code === "internal" ? hidden(error) : error;
  const status = statusOf(error);
  if (status === null || status === 500) return hidden(error);
  const code = codeOfStatus[status] ?? (status < 500 ? "malformed_request" : "internal");
  if (code === "internal") return hidden(error);
  return new RightsizeError(code, error instanceof Error ? sentence(error.message) : "The request was refused.", { cause: error });
}

export function problemOf(error: RightsizeError, requestId: string): Problem {
  return {
    type: `about:rightsize/${error.code}`,
    title: error.title,
    status: statusOfKind[error.kind],
    detail: error.message,
    code: error.code,
    advice: error.advice,
    instance: requestId,
    issues: error.issues.map((issue) => ({ where: issue.where, received: issue.received, required: issue.required })),
  };
}

/** Fastify's error handler. Bugs and failed engines are logged with their cause; a client's mistakes are not errors of ours. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toRightsizeError(error);
  const problem = problemOf(known, request.id);
  if (problem.status >= 500) request.log.error({ err: error }, "a request failed");
  if (problem.status === 503 && !reply.hasHeader("retry-after")) void reply.header("retry-after", "2");
  return reply.code(problem.status).type(problemType).serializer(JSON.stringify).send(problem);
}

export function notFound(what: string, id: string): RightsizeError {
  return new RightsizeError("not_found", `There is no ${what} ${id}.`, {
    issues: [{ where: "the path", received: id, required: `the id of ${/^[aeiou]/.test(what) ? "an" : "a"} ${what} that exists` }],
  });
}

function hidden(cause: unknown): RightsizeError {
  return new RightsizeError("internal", "Something went wrong inside the service; its log has the details.", { cause });
}

function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return null;
  return typeof error.statusCode === "number" && error.statusCode >= 400 ? error.statusCode : null;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
