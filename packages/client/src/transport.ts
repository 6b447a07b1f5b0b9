/** Requests and their answers: address, key, time limits, refusals as errors, answers checked against a schema. */
import type { z } from "zod";
import { AnswerNotUnderstood, refusal, ServiceUnreachable } from "./errors.ts";

export interface TransportOptions {
  readonly url: string;
  /** Sent as a bearer token. */
  readonly key?: string | null;
  readonly fetch?: typeof globalThis.fetch;
  /** Aborts every request. */
  readonly signal?: AbortSignal;
}

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Blob | FormData;
  readonly signal?: AbortSignal;
  /** `none` for uploads, downloads and streams. */
  readonly timeLimit?: "none";
}

export interface Transport {
  readonly url: string;
  /** The answer, whatever its body; throws a RequestRefused where its status isn't one of success. */
  request(path: string, options?: RequestOptions): Promise<Response>;
  json<Schema extends z.ZodType>(schema: Schema, path: string, options?: RequestOptions): Promise<z.output<Schema>>;
  text(path: string, accept: string, options?: RequestOptions): Promise<string>;
}

/** How long a request without a body of its own size may take, in milliseconds. */
const requestTimeoutMs = 60_000;

export function createTransport(options: TransportOptions): Transport {
  const url = options.url.replace(/\/+$/, "");
  const send = options.fetch ?? globalThis.fetch;
  const authorization: Record<string, string> = options.key ? { authorization: `Bearer ${options.key}` } : {};

  const request: Transport["request"] = async (path, { method = "GET", headers, body, signal, timeLimit } = {}) => {
    const limit = timeLimit === "none" ? undefined : AbortSignal.timeout(requestTimeoutMs);
    const signals = [options.signal, signal, limit].filter((each) => each !== undefined);
    const response = await send(`${url}${path}`, {
      method,
      headers: { ...authorization, ...headers },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any(signals),
    }).catch((error: unknown) => {
      throw options.signal?.aborted ? options.signal.reason : new ServiceUnreachable(url, error);
    });
    if (!response.ok) throw await refusal(response);
    return response;
  };

  return {
    url,
    request,
    async json(schema, path, init = {}) {
      const response = await request(path, { ...init, headers: { accept: "application/json", ...init.headers } });
      const body: unknown = await response.json().catch((error: unknown) => {
        throw options.signal?.aborted
          ? options.signal.reason
          : new AnswerNotUnderstood(`The answer to ${path} is no JSON.`, { cause: error });
      });
      const parsed = schema.safeParse(body);
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      const where = issue === undefined ? "" : ` (${issue.path.join(".")}: ${issue.message})`;
      throw new AnswerNotUnderstood(
        `The answer to ${path} isn't what this version of the client knows${where}. Are both of the same version?`,
      );
    },
    async text(path, accept, init = {}) {
      return (await request(path, { ...init, headers: { ...init.headers, accept } })).text();
    },
  };
}

/** `?a=1&b=2` of what is given; nothing where nothing is. */
export function query(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const parts = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** The options of a request with a JSON body. */
export function withJson(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestOptions {
  return { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
