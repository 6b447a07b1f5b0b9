/** The child's side of a warm child: answers each request, tells errors as plain data, and ends when its parent is gone. */
import { asRightsizeError } from "@rightsize/core";
import type { ChildMessage, RequestMessage } from "./warm-child.ts";

export function serveParent<Request, Result>(answer: (request: Request) => Promise<Result>): void {
  const send = (message: ChildMessage<Result>) => process.send?.(message);
  process.on("message", async ({ id, request }: RequestMessage<Request>) => {
    try {
      send({ kind: "done", id, result: await answer(request) });
    } catch (error) {
      send({ kind: "failed", id, error: asRightsizeError(error).toPlain() });
    }
  });
  process.on("disconnect", () => process.exit(0));
  // The parent decides when this process ends: a Ctrl-C reaches the whole group, and work under way may finish first.
  process.on("SIGINT", () => {});
  send({ kind: "ready" });
}
