/** /v1/experiments: ask a question, list questions, look at one, pause, resume and cancel it. */
import {
  experimentEstimateSchema,
  experimentIdSchema,
  experimentListQuerySchema,
  experimentPageSchema,
  experimentQuerySchema,
  experimentRequestSchema,
  experimentViewSchema,
} from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ArtifactGate } from "../artifact-gate.ts";
import { controlExperiment, controls } from "../control-experiment.ts";
import type { ApiDependencies } from "../dependencies.ts";
import type { ServiceFeeds } from "../events/service-feeds.ts";
import { hasLearningCurve } from "../learning-curve.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { notFound } from "../problems.ts";
import { deleteRemoved } from "../remove.ts";
import { experimentEstimator, experimentSubmitter } from "../submit-experiment.ts";
import { experimentItems } from "../views/experiment-item.ts";
import { experimentView } from "../views/experiment-view.ts";

const paramsSchema = z.object({ id: experimentIdSchema });
const idempotencyHeaders = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "The same key with the same request returns the first experiment: a retry makes no second one" }),
});

export const experimentRoutes =
  (deps: ApiDependencies, gate: ArtifactGate, feeds: ServiceFeeds): FastifyPluginAsyncZod =>
  async (app) => {
    const submit = experimentSubmitter(deps, gate);
    const estimate = experimentEstimator(deps);

    app.post(
      "/v1/experiments",
      {
        schema: documented("experiments", "Find the right size for a network on a dataset", {
          description:
            "Only `dataset` and `target` are needed. 201 for a new experiment, 200 when its Idempotency-Key was used before. With `dryRun=true` 200 " +
            "and an estimate of time, cost and of the smallest difference the data can show, after the same checks: nothing is created.",
          headers: idempotencyHeaders,
          querystring: experimentQuerySchema,
          body: experimentRequestSchema,
          response: { 200: z.union([experimentViewSchema, experimentEstimateSchema]), 201: experimentViewSchema },
        }),
      },
      async (request, reply) => {
        const submission = { owner: ownerOf(request), request: request.body, idempotencyKey: request.headers["idempotency-key"] ?? null };
        if (request.query.dryRun) return reply.code(200).send(await estimate(submission));
        const { experiment, created } = await submit(submission);
        if (created) request.log.info({ experiment: experiment.id, target: experiment.spec.target }, "experiment created");
        return reply
          .code(created ? 201 : 200)
          .header("location", `/v1/experiments/${experiment.id}`)
          .send(experimentView(experiment));
      },
    );

    app.get(
      "/v1/experiments",
      {
        schema: documented("experiments", "List experiments, newest first", {
          querystring: experimentListQuerySchema,
          response: { 200: experimentPageSchema },
        }),
      },
      async (request) => {
        const { limit, cursor, search, states } = request.query;
        const filter = { ...(search === undefined ? {} : { search }), ...(states === undefined ? {} : { states }) };
        const page = await deps.store.experiments.list(ownerOf(request), { limit, cursor: cursor ?? null, ...filter });
        return experimentItems(deps.store, page);
      },
    );

    app.get(
      "/v1/experiments/:id",
      { schema: documented("experiments", "One experiment", { params: paramsSchema, response: { 200: experimentViewSchema } }) },
      async (request) => {
        const owner = ownerOf(request);
        const experiment = await deps.store.experiments.find(owner, request.params.id);
        if (experiment === null) throw notFound("experiment", request.params.id);
        const [speculation, learningCurve] = await Promise.all([
          deps.store.work.speculationUse(experiment.id),
          hasLearningCurve(deps, owner, experiment.id),
        ]);
        return { ...experimentView(experiment), speculation, learningCurve };
      },
    );

    app.delete(
      "/v1/experiments/:id",
      {
        schema: documented("experiments", "Delete an experiment that has ended, with everything of it", {
          description: "409 while it has not ended: cancel it first. Its model and weights go too, where no other experiment has the same.",
          params: paramsSchema,
          response: { 204: z.null().meta({ description: "It is gone" }) },
        }),
      },
      async (request, reply) => {
        const { id } = request.params;
        await gate.deleting(async () => {
          const removed = await deps.store.experiments.remove(ownerOf(request), id);
          if (removed !== null) feeds.gone(ownerOf(request), id);
          await deleteRemoved("experiment", id, removed, { artifacts: deps.artifacts, log: request.log });
        });
        return reply.code(204).send(null);
      },
    );

    for (const control of controls) {
      app.post(
        `/v1/experiments/:id/${control}`,
        {
          schema: documented("experiments", controlSummaries[control], { params: paramsSchema, response: { 200: experimentViewSchema } }),
        },
        async (request) => {
          const experiment = await controlExperiment(deps.store, ownerOf(request), request.params.id, control);
          request.log.info({ experiment: experiment.id, state: experiment.state }, `experiment: ${control}`);
          deps.onWorkChanged?.(experiment.id);
          return experimentView(experiment);
        },
      );
    }
  };

const controlSummaries = {
  pause: "Start no further runs; those that run may finish",
  resume: "Go on with a paused experiment",
  cancel: "Stop an experiment for good",
} as const;
