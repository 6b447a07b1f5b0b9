/** Cursors of lists: the last item's place (time, id), opaque to clients. New items stand before it, so nothing is doubled or skipped. */
import { type Page, RightsizeError } from "@rightsize/core";

export interface Place {
  readonly createdAt: string;
  readonly id: string;
}

/** Reads a cursor that `pageOf` made; throws `malformed_request` for any other text. */
export function readCursor(cursor: string): Place {
  try {
    const [createdAt, id, ...rest] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as unknown[];
    if (typeof createdAt === "string" && typeof id === "string" && rest.length === 0 && !Number.isNaN(Date.parse(createdAt))) {
      return { createdAt, id };
    }
  } catch {
    // Not ours: said below.
  }
  throw new RightsizeError("malformed_request", "The cursor can't be read.", {
    issues: [{ where: "cursor", received: cursor, required: "the `cursor` of the page before, unchanged" }],
  });
}

/** A page from up to `limit + 1` items, newest first: the one too many says that there is a next page. */
export function pageOf<Item extends Place>(items: readonly Item[], limit: number): Page<Item> {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  const more = items.length > limit && last !== undefined;
  return { items: shown, cursor: more ? Buffer.from(JSON.stringify([last.createdAt, last.id])).toString("base64url") : null };
}
