/** Requests to the API's artifact routes: tried again with a growing pause while the network or the server fails, never for ever. */
import { setTimeout as delay } from "node:timers/promises";
import { RightsizeError, type Sha256 } from "@rightsize/core";
import { missing } from "./errors.ts";

export interface HttpClientOptions {
  /** The API's address, for example `http://10.0.0.5:4020`. */
  readonly baseUrl: string;
  /** An API key with the worker's scope; none where the API runs without keys. */
  readonly key?: string;
  readonly retry?: Partial<RetryTuning>;
}
export interface RetryTuning {
  readonly attempts: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** A request that moves no byte for this long is given up and tried again. */
  readonly stallMs: number;
  /** Spreads the pauses; in [0, 1). */
  readonly random: () => number;
}
const defaultRetry: RetryTuning = { attempts: 6, firstPauseMs: 100, longestPauseMs: 3_000, stallMs: 30_000, random: Math.random };

/** Restarts the stall clock; to be called whenever bytes move. */
export type Alive = () => void;

/** Thrown inside an exchange for what another try may heal. */
export class TryAgain extends Error {}

export interface HttpClient {
  /** Makes the request and hands its good answer to `use`; both are repeated together when either fails for the network's sake. */
  exchange<T>(
    id: Sha256,
    request: (alive: Alive) => RequestInit & { readonly duplex?: "half" },
    use: (response: Response, alive: Alive) => Promise<T>,
  ): Promise<T>;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const retry = { ...defaultRetry, ...options.retry };
  const root = `${options.baseUrl.replace(/\/+$/, "")}/v1/artifacts/`;
  const authorization: Record<string, string> = options.key === undefined ? {} : { authorization: `Bearer ${options.key}` };

  const exchange: HttpClient["exchange"] = async (id, request, use) => {
    let last: unknown;
    for (let attempt = 1; attempt <= retry.attempts; attempt += 1) {
      if (attempt > 1) await delay(pauseMs(attempt - 1, retry));
      const stall = new AbortController();
      const clock = setTimeout(() => stall.abort(new TryAgain(`nothing moved for ${retry.stallMs} ms`)), retry.stallMs);
      const alive: Alive = () => clock.refresh();
      try {
        const init = request(alive);
        const response = await fetch(root + id, {
          ...init,
          headers: { ...authorization, ...(init.headers as Record<string, string>) },
          signal: stall.signal,
        });
        alive();
        if (!response.ok) await refuse(response, id);
        return await use(response, alive);
      } catch (error) {
        // fetch itself throws TypeError for every failure of the network; bodies that break off do too.
        if (!(error instanceof TryAgain || error instanceof TypeError || isAbort(error))) throw error;
        last = error;
      } finally {
        clearTimeout(clock);
      }
    }
    throw new RightsizeError("unavailable", `The API's artifacts can't be reached after ${retry.attempts} tries: ${reason(last)}`, {
      cause: last,
    });
  };
  return { exchange };
}

/** Doubles from the first pause, at most the longest, minus up to half by chance. */
function pauseMs(failures: number, retry: RetryTuning): number {
  const full = Math.min(retry.longestPauseMs, retry.firstPauseMs * 2 ** (failures - 1));
  return full * (1 - retry.random() / 2);
}

/** Turns an answer that isn't 2xx into an error: ours where another try can't help, `TryAgain` where it may. */
async function refuse(response: Response, id: Sha256): Promise<never> {
  const text = (await response.text().catch(() => "")).slice(0, 2_000);
  const what = `The API answered ${response.status} for artifact ${id}${text === "" ? "" : `: ${text}`}`;
  // The API found its own copy broken: another try brings the same bytes.
  if (problemCode(text) === "artifact_corrupt") throw new RightsizeError("artifact_corrupt", what);
  switch (response.status) {
    case 401:
      throw new RightsizeError("unauthorised", what);
    case 403:
    case 405:
      throw new RightsizeError("forbidden", what);
    case 404:
      throw missing(id);
    case 413:
      throw new RightsizeError("too_large", what);
    default:
      if (response.status >= 500 || [408, 422, 425, 429].includes(response.status)) throw new TryAgain(what);
      throw new RightsizeError("internal", what);
  }
}

/** The code of a problem+json body; undefined for any other text. */
function problemCode(text: string): unknown {
  try {
    return (JSON.parse(text) as { code?: unknown } | null)?.code;
  } catch {
    return undefined;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message || String((error.cause as { code?: unknown }).code)})` : "";
  return error.message + cause;
}
