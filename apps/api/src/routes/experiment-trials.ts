/** /v1/experiments/:id/trials, /decisions and /attempts: the table, why it went as it did, and who trained it. */
import { attemptListSchema, decisionListSchema, experimentIdSchema, trialTableSchema } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { ownSnapshot } from "../find-experiment.ts";
import { negotiate } from "../negotiate.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { placedAttempts } from "../views/attempt-list.ts";
import { csvTable, markdownTable } from "../views/table-text.ts";
import { decisionView, trialTable } from "../views/trial-view.ts";

const paramsSchema = z.object({ id: experimentIdSchema });

/** Media types of the table, the first being the default. */
const tableFormats = { json: "application/json", csv: "text/csv", markdown: "text/markdown" } as const;
type TableFormat = keyof typeof tableFormats;

export const experimentTrialRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/experiments/:id/trials",
      {
        schema: documented("experiments", "The trial table", {
          description: "JSON with every run; with `Accept: text/csv` or `text/markdown` (or `?format=`) the table as people read it.",
          params: paramsSchema,
          querystring: z.object({ format: z.enum(["json", "csv", "markdown"]).optional() }),
          response: {
            200: {
              description: "The table",
              content: {
                "application/json": { schema: trialTableSchema },
                "text/csv": { schema: z.string() },
                "text/markdown": { schema: z.string() },
              },
            },
          },
        }),
      },
      async (request, reply) => {
        const format = request.query.format ?? negotiate<TableFormat>(request.headers.accept, tableFormats, "json");
        const snapshot = await ownSnapshot(deps.store, ownerOf(request), request.params.id);
        void reply.header("vary", "accept");
        switch (format) {
          case "json":
            return reply.type("application/json; charset=utf-8").send(trialTable(snapshot));
          case "csv":
            return reply.type("text/csv; charset=utf-8").serializer(String).send(csvTable(snapshot));
          case "markdown":
            return reply.type("text/markdown; charset=utf-8").serializer(String).send(markdownTable(snapshot));
          default:
            return format satisfies never;
        }
      },
    );

    app.get(
      "/v1/experiments/:id/attempts",
      {
        schema: documented("experiments", "Which worker trained what, and when", {
          description:
            "Every attempt at the experiment's runs, lost ones and those that idle workers began before a decision asked for them.",
          params: paramsSchema,
          response: { 200: attemptListSchema },
        }),
      },
      async (request) => {
        const { id } = request.params;
        // Before the snapshot, which then knows what each of them trains.
        const attempts = await deps.store.work.attempts(id);
        const snapshot = await ownSnapshot(deps.store, ownerOf(request), id);
        const workers = await deps.store.workers.list();
        return { experimentId: id, attempts: placedAttempts({ snapshot, attempts, workers }) };
      },
    );

    app.get(
      "/v1/experiments/:id/decisions",
      {
        schema: documented("experiments", "Every decision with its evidence", {
          params: paramsSchema,
          response: { 200: decisionListSchema },
        }),
      },
      async (request) => {
        const snapshot = await ownSnapshot(deps.store, ownerOf(request), request.params.id);
        return { experimentId: snapshot.experiment.id, decisions: snapshot.decisions.map(decisionView) };
      },
    );
  };
