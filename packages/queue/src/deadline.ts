/** Waiting with an end: a server that never answers must not hold us. */
import { RightsizeError } from "@rightsize/core";

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether the promise settled (either way) within `ms`. Never rejects. */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms));
  });
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** The promise's value; throws `unavailable` when it takes longer than `ms` or fails. */
export async function answerWithin<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RightsizeError("unavailable", `The queue did not answer within ${ms} ms (${what}).`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    if (error instanceof RightsizeError) throw error;
    throw new RightsizeError("unavailable", `The queue can't be reached (${what}): ${describe(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** One line about any thrown value; connection errors often come as an empty AggregateError with only a code. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  return [error.message, code].filter((part) => part !== undefined && part !== "").join(" ") || error.name;
}

export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : undefined;
}
