/** /v1/experiments/:id/trials, /decisions and /model: the table, why it went as it did, and what came out. */

import { Readable } from "node:stream";
import { decisionListSchema, experimentIdSchema, trialTableSchema } from "@rightsize/contract";
import { RightsizeError } from "@rightsize/core";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { ownSnapshot } from "../find-experiment.ts";
import { negotiate } from "../negotiate.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { notFound } from "../problems.ts";
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

    app.get(
      "/v1/experiments/:id/model",
      {
        schema: documented("experiments", "The winner's model, with its preprocessing", {
          description: "409 until the experiment has one.",
          params: paramsSchema,
          response: { 200: { description: "The model's bytes", content: { "application/json": { schema: z.unknown() } } } },
        }),
      },
      async (request, reply) => {
        const { id } = request.params;
        const experiment = await deps.store.experiments.find(ownerOf(request), id);
        if (experiment === null) throw notFound("experiment", id);
        const artifact = experiment.answer?.modelArtifact ?? null;
        if (artifact === null) {
          throw new RightsizeError(
            "conflict",
            `The experiment is ${experiment.state} and has no model${experiment.endedAt === null ? " yet" : ""}.`,
            {
              issues: [
                { where: "the experiment's state", received: experiment.state, required: "SUCCEEDED, with a model that could be trained" },
              ],
            },
          );
        }
        const bytes = await deps.artifacts.stream(artifact);
        return reply
          .type("application/json")
          .header("content-disposition", `attachment; filename="rightsize-${id}.json"`)
          .header("etag", `"${artifact}"`)
          .send(Readable.from(bytes, { objectMode: false }));
      },
    );
  };
