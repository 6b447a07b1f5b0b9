/** /v1/experiments/:id/log: what happened to an experiment, as lines for people and for programs. */
import { experimentIdSchema, experimentLogSchema, logLineSchema, logQuerySchema } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { ownSnapshot } from "../find-experiment.ts";
import { negotiate } from "../negotiate.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { logLines, logText } from "../views/experiment-log.ts";

const logFormats = { json: "application/json", ndjson: "application/x-ndjson", text: "text/plain" } as const;
type LogFormat = keyof typeof logFormats;

export const experimentLogRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/experiments/:id/log",
      {
        schema: documented("experiments", "What happened to an experiment, in sentences", {
          description:
            "A line an event: decisions with their reasons, runs with their attempts, workers and ends (a crash with its cause, a lost lease). " +
            "JSON with a cursor, or (`Accept` or `?format=`) a line of JSON each or plain text. To follow it, read on with `after` when " +
            "`/events` tells of an event. Nothing is stored for it: it is read from the database when it is asked for.",
          params: z.object({ id: experimentIdSchema }),
          querystring: logQuerySchema,
          response: {
            200: {
              description: "Lines in the order in which things happened",
              content: {
                "application/json": { schema: experimentLogSchema },
                "application/x-ndjson": { schema: logLineSchema },
                "text/plain": { schema: z.string() },
              },
            },
          },
        }),
      },
      async (request, reply) => {
        const { after, limit } = request.query;
        const format = request.query.format ?? negotiate<LogFormat>(request.headers.accept, logFormats, "json");
        const snapshot = await ownSnapshot(deps.store, ownerOf(request), request.params.id);
        const { id } = snapshot.experiment;
        const found = await deps.store.experiments.events(id, after, limit + 1);
        const [attempts, workers] = [await deps.store.work.attempts(id), await deps.store.workers.list()];
        const lines = logLines({ snapshot, events: found.slice(0, limit), attempts, workers });
        void reply.header("vary", "accept").type(`${logFormats[format]}; charset=utf-8`);
        switch (format) {
          case "json":
            return reply.send({ experimentId: id, lines, last: lines.at(-1)?.sequence ?? after, more: found.length > limit });
          case "ndjson":
            return reply.serializer(String).send(lines.map((line) => `${JSON.stringify(line)}\n`).join("") as never);
          case "text":
            return reply.serializer(String).send(logText(lines));
          default:
            return format satisfies never;
        }
      },
    );
  };
