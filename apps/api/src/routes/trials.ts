/** /v1/trials/:id: one row of the table with its attempts, and the epochs of its runs. */
import { epochListSchema, trialDetailSchema, trialIdSchema } from "@rightsize/contract";
import type { OwnerId, Store, TrialId } from "@rightsize/core";
import { standings } from "@rightsize/orchestrator";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { notFound } from "../problems.ts";
import { epochViews } from "../views/epoch-view.ts";
import { attemptView, trialDetail } from "../views/trial-view.ts";

const paramsSchema = z.object({ id: trialIdSchema });

export const trialRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/trials/:id",
      {
        schema: documented("trials", "One trial with its runs and the attempts at them", {
          params: paramsSchema,
          response: { 200: trialDetailSchema },
        }),
      },
      async (request) => {
        const { experiment, trial, runs } = await ownTrial(deps.store, ownerOf(request), request.params.id);
        const assignments = new Set<string>(runs.map((run) => run.assignmentId));
        const attempts = (await deps.store.work.attempts(experiment.id)).filter((attempt) => assignments.has(attempt.assignmentId));
        const snapshot = await deps.store.experiments.snapshot(experiment.id);
        if (snapshot === null) throw notFound("trial", trial.id);
        return { ...trialDetail(trial, runs, standings(snapshot)), attempts: attempts.map(attemptView) };
      },
    );

    app.get(
      "/v1/trials/:id/epochs",
      {
        schema: documented("trials", "Learning curves of a trial's runs", {
          description: "Long curves are thinned out to at most `points` epochs a run; the first, the best and the last are always there.",
          params: paramsSchema,
          querystring: z.object({ points: z.coerce.number().int().min(3).max(20_000).default(2000) }),
          response: { 200: epochListSchema },
        }),
      },
      async (request) => {
        const { trial, runs } = await ownTrial(deps.store, ownerOf(request), request.params.id);
        const curves = [];
        for (const run of runs) {
          const epochs = await deps.store.work.curve(run.id, request.query.points);
          curves.push({ runId: run.id, seed: run.seed, fold: run.fold, learningRate: run.learningRate, epochs: epochViews(epochs) });
        }
        return { trialId: trial.id, runs: curves };
      },
    );
  };

async function ownTrial(store: Store, owner: OwnerId, id: TrialId) {
  const found = await store.work.findTrial(id);
  if (found === null || found.experiment.owner !== owner) throw notFound("trial", id);
  return found;
}
