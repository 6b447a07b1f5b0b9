/** GET /v1/experiments/:id/events: the experiment's events as they happen (server-sent events), resumable without a gap. */
import { afterSchema, type EpochsMessage, type EventView, experimentIdSchema, lastSequence } from "@rightsize/contract";
import { isTerminal, RightsizeError } from "@rightsize/core";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import type { CallerWatch } from "../events/caller-watch.ts";
import type { FeedMessage } from "../events/experiment-feed.ts";
import type { ExperimentFeeds } from "../events/experiment-feeds.ts";
import { tellWatcher } from "../events/sse.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { notFound } from "../problems.ts";
import { epochViews } from "../views/epoch-view.ts";

export const experimentEventRoutes =
  (deps: ApiDependencies, feeds: ExperimentFeeds, callers: CallerWatch): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/experiments/:id/events",
      {
        // `manual`: whatever the Accept header says, this address has nothing else to give; errors stay problem+json.
        sse: "manual",
        schema: documented("experiments", "Events as they happen", {
          description:
            "Server-sent events. Numbered events carry their sequence as `id` and their kind as `event`; `Last-Event-ID` (or `?after=`) " +
            "resumes after it. `epochs` messages carry no id: the epochs of runs that are running. The stream ends after the last event, or when the key is no longer usable; 204 when there is none left.",
          params: z.object({ id: experimentIdSchema }),
          querystring: z.object({ after: afterSchema }),
          response: {
            200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } },
            204: z.null().meta({ description: "The experiment has ended and nothing follows what the client has" }),
          },
        }),
      },
      async (request, reply) => {
        const { id } = request.params;
        const after = lastEventId(request.headers["last-event-id"]) ?? request.query.after;
        const experiment = await deps.store.experiments.find(ownerOf(request), id);
        if (experiment === null) throw notFound("experiment", id);
        // 204 tells a browser's EventSource not to connect again.
        if (isTerminal("experiment", experiment.state) && after >= experiment.eventCount) return reply.code(204).send(null);

        await tellWatcher(callers, request, reply, {
          messages: (gone) => feeds.watch(experiment, after, gone),
          sent: sseMessage,
          onBroken: (error) => request.log.warn({ err: error, experiment: id }, "a stream of events broke off"),
        });
      },
    );
  };

function lastEventId(header: string | string[] | undefined): number | null {
  if (header === undefined || header === "") return null;
  if (typeof header === "string" && /^\d{1,10}$/.test(header) && Number(header) <= lastSequence) return Number(header);
  throw new RightsizeError("malformed_request", "The Last-Event-ID isn't one of this stream's.", {
    issues: [
      {
        where: "header last-event-id",
        received: String(header).slice(0, 100),
        required: "the id of the last event received, a whole number",
      },
    ],
  });
}

function sseMessage(message: FeedMessage): { id?: string; event: string; data: EventView | EpochsMessage } {
  switch (message.kind) {
    case "event": {
      const { event } = message;
      return { id: String(event.sequence), event: event.kind, data: { ...event, data: { ...event.data } } };
    }
    case "epochs":
      return { event: "epochs", data: { runId: message.runId, trialId: message.trialId, epochs: epochViews(message.epochs) } };
    default:
      return message satisfies never;
  }
}
