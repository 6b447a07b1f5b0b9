/** /v1/experiments/:id/model and /predict: the model to take home, and the model asked here. */

import { experimentIdSchema, predictionsSchema, predictRequestSchema } from "@rightsize/contract";
import { type ExperimentId, type OwnerId, RightsizeError, type Sha256 } from "@rightsize/core";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { negotiate } from "../negotiate.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import type { PredictionFormat } from "../predict-process/protocol.ts";
import { notFound } from "../problems.ts";
import { artifactBody } from "../send-artifact.ts";
import { validatorCompiler } from "../validation.ts";

const paramsSchema = z.object({ id: experimentIdSchema });
const answerFormats = { json: "application/json", csv: "text/csv" } as const;

export const experimentModelRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    await app.register(predictRoute(deps));

    app.get(
      "/v1/experiments/:id/model",
      {
        schema: documented("experiments", "The delivered model as one file", {
          description:
            "A zip file: model.onnx takes raw columns and gives predictions in the target's own unit; beside it TensorFlow.js layers models, " +
            "the pipeline, a model card, snippets and SHA-256 sums. 409 until the experiment has a model.",
          params: paramsSchema,
          response: { 200: { description: "The bundle's bytes", content: { "application/zip": { schema: z.unknown() } } } },
        }),
      },
      async (request, reply) => {
        const { id } = request.params;
        const model = await modelOf(deps, ownerOf(request), id);
        const body = await artifactBody(deps.artifacts, model, request, reply);
        return reply.type("application/zip").header("content-disposition", `attachment; filename="rightsize-${id}.zip"`).send(body);
      },
    );
  };

/** The body is read in the child process: here it is text. */
const predictRoute =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.removeAllContentTypeParsers();
    for (const type of Object.values(answerFormats)) {
      app.addContentTypeParser(type, { parseAs: "string" }, (_request, text, done) => done(null, text));
    }

    app.post(
      "/v1/experiments/:id/predict",
      {
        validatorCompiler: (part) => (part.httpPart === "body" ? (value: unknown) => ({ value }) : validatorCompiler(part as never)),
        schema: documented("experiments", "Predict with the delivered model", {
          description:
            "Rows as JSON, or a CSV file with a header as the body (`content-type: text/csv`). Gaps, unknown categories and texts are treated as in " +
            "training. The answer is JSON, or with `Accept: text/csv` CSV. 409 until the experiment has a model.",
          consumes: Object.values(answerFormats),
          params: paramsSchema,
          body: predictRequestSchema,
          response: {
            200: {
              description: "One prediction a row, in order",
              content: { "application/json": { schema: predictionsSchema }, "text/csv": { schema: z.string() } },
            },
          },
        }),
      },
      async (request, reply) => {
        const { id } = request.params;
        const model = await modelOf(deps, ownerOf(request), id);
        const text: unknown = request.body;
        if (typeof text !== "string" || text === "") {
          throw new RightsizeError("malformed_request", "The request has no body.", {
            issues: [{ where: "the body", received: "nothing", required: "rows as JSON or CSV" }],
          });
        }
        const isCsv = /^text\/csv\b/i.test(request.headers["content-type"] ?? "");
        const format = negotiate<PredictionFormat>(request.headers.accept, answerFormats, "json");
        const answer = await deps.predictProcess.predict({
          experimentId: id,
          model,
          modelPath: await deps.artifacts.localPath(model),
          body: { kind: isCsv ? "csv" : "json", text },
          answer: format,
          maxRows: deps.settings.predictRows,
        });
        request.log.debug({ experiment: id, rows: answer.rowCount }, "predicted");
        return reply
          .type(`${answerFormats[format]}; charset=utf-8`)
          .header("vary", "accept")
          .serializer(String)
          .send(answer.text as never);
      },
    );
  };

/** The bundle of an experiment of the caller's. Throws `not_found`, or `conflict` while there is none. */
async function modelOf(deps: ApiDependencies, owner: OwnerId, id: ExperimentId): Promise<Sha256> {
  const experiment = await deps.store.experiments.find(owner, id);
  if (experiment === null) throw notFound("experiment", id);
  const model = experiment.answer?.modelArtifact ?? null;
  if (model !== null) return model;
  throw new RightsizeError(
    "conflict",
    `The experiment is ${experiment.state} and has no model${experiment.endedAt === null ? " yet" : ""}.`,
    {
      issues: [{ where: "the experiment's state", received: experiment.state, required: "SUCCEEDED, with a model that could be trained" }],
    },
  );
}
