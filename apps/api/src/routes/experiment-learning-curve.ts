/** /v1/experiments/:id/learning-curve: would more rows help more than more nodes? */
import { experimentIdSchema, learningCurveSchema } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ArtifactGate } from "../artifact-gate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { readLearningCurve, startLearningCurve } from "../learning-curve.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";

const paramsSchema = z.object({ id: experimentIdSchema });
const url = "/v1/experiments/:id/learning-curve";

export const experimentLearningCurveRoutes =
  (deps: ApiDependencies, gate: ArtifactGate): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      url,
      {
        schema: documented("experiments", "Train the winner's size on fewer rows: would more rows help?", {
          description:
            "The winner's capacity, recipe and seeds on an eighth, a quarter, half and all of the training rows (nested; preprocessing and validation " +
            "rows stay the experiment's). 201 for a new curve, 200 for the one there is. It trains as an experiment of its own; this one doesn't change.",
          params: paramsSchema,
          response: { 200: learningCurveSchema, 201: learningCurveSchema },
        }),
      },
      async (request, reply) => {
        const { curve, created } = await startLearningCurve(deps, gate, ownerOf(request), request.params.id);
        if (created) request.log.info({ experiment: request.params.id, curve: curve.curveExperimentId }, "learning curve asked for");
        return reply.code(created ? 201 : 200).send(curve);
      },
    );

    app.get(
      url,
      {
        schema: documented("experiments", "The learning curve over rows, as far as it is trained", {
          description: "404 where nobody has asked for it.",
          params: paramsSchema,
          response: { 200: learningCurveSchema },
        }),
      },
      (request) => readLearningCurve(deps, ownerOf(request), request.params.id),
    );
  };
