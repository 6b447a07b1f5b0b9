/** GET /v1/events: what changes anywhere in the service, for those who watch lists (server-sent events). */
import { type ExperimentItem, serviceEventQuerySchema, type WorkerView } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { CallerWatch } from "../events/caller-watch.ts";
import type { PlacedMessage, ServiceFeeds } from "../events/service-feeds.ts";
import { tellWatcher } from "../events/sse.ts";
import { documented } from "../openapi.ts";
import { callerOf } from "../owner.ts";
import { experimentItem } from "../views/experiment-item.ts";
import { workerViews } from "../views/worker-view.ts";

export const serviceEventRoutes =
  (feeds: ServiceFeeds, callers: CallerWatch): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/events",
      {
        sse: "manual",
        schema: documented("service", "What changes in the service, as it happens", {
          description:
            "Server-sent events for lists. `open` comes first: unless its `resumed` is true, lists must be read again. `experiment` carries a changed or new " +
            "experiment as the list shows it, `experiment.gone` the id of a deleted one, `workers` the list of workers. The last state of each thing " +
            "is told, not every state between; `Last-Event-ID` resumes behind what was received.",
          querystring: serviceEventQuerySchema,
          response: { 200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } } },
        }),
      },
      async (request, reply) => {
        const caller = callerOf(request);
        const { topics } = request.query;
        const wanted = { experiments: topics.includes("experiments"), workers: topics.includes("workers") };
        // An id of another process or an earlier time is no error: the stream says that it did not resume.
        const header = request.headers["last-event-id"];
        const place = typeof header === "string" && header !== "" ? header : null;
        await tellWatcher(callers, request, reply, {
          messages: (gone) => feeds.watch(caller.owner, place, wanted, gone),
          sent: (placed) => sseMessage(placed, caller.keyId === null),
          onBroken: (error) => request.log.warn({ err: error }, "a stream of the service's events broke off"),
        });
      },
    );
  };

type Data = { resumed: boolean } | ExperimentItem | { id: string } | { workers: WorkerView[] };

function sseMessage({ place, message }: PlacedMessage, named: boolean): { id: string; event: string; data: Data } {
  switch (message.kind) {
    case "open":
      return { id: place, event: "open", data: { resumed: message.resumed } };
    case "experiment":
      return { id: place, event: "experiment", data: experimentItem(message.experiment, message.trials) };
    case "gone":
      return { id: place, event: "experiment.gone", data: { id: message.id } };
    case "workers":
      return { id: place, event: "workers", data: { workers: workerViews(message.workers, named) } };
    default:
      return message satisfies never;
  }
}
