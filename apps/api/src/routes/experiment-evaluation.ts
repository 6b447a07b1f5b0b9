/** /v1/experiments/:id/evaluation: how the delivered model predicts rows that its networks were not trained on. */
import { evaluationSchema, experimentIdSchema } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { notFound } from "../problems.ts";
import { evaluationBytes, evaluationOf } from "../stored-evaluation.ts";

export const experimentEvaluationRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/experiments/:id/evaluation",
      {
        schema: documented("experiments", "The delivered model on the validation rows", {
          description:
            "Predicted against actual numbers with the residuals in short, or the confusion matrix with each class, calibration and the worst " +
            "mistakes (of images as pictures); `rows` says which rows and which networks. Computed once, with the answer: 409 until the " +
            "experiment has a model, 404 where it was answered before evaluations were kept.",
          params: z.object({ id: experimentIdSchema }),
          response: { 200: { description: "The evaluation", content: { "application/json": { schema: evaluationSchema } } } },
        }),
      },
      async (request, reply) => {
        const { id } = request.params;
        const experiment = await deps.store.experiments.find(ownerOf(request), id);
        if (experiment === null) throw notFound("experiment", id);
        const artifact = evaluationOf(experiment);
        const bytes = await evaluationBytes(deps.artifacts, artifact);
        // The bytes are the answer: nothing is parsed here.
        return reply
          .type("application/json; charset=utf-8")
          .header("etag", `"${artifact}"`)
          .serializer((sent: unknown) => sent as never)
          .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as never);
      },
    );
  };
