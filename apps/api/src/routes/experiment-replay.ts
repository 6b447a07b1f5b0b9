/** /v1/experiments/:id/replay: "what if patience were 2?", answered from stored results without training. */
import { experimentIdSchema, replayRequestSchema, replayViewSchema } from "@rightsize/contract";
import { whatIf } from "@rightsize/orchestrator";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { ownSnapshot } from "../find-experiment.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";

/** Longest curve that is read, in epochs: the most a recipe may ask for. */
const longestCurve = 100_000;

export const experimentReplayRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      "/v1/experiments/:id/replay",
      {
        schema: documented("experiments", "Tell the table again under other rules, without training", {
          description: "The same or another preset, parameters or early stopping; `missing` says where a result isn't there.",
          params: z.object({ id: experimentIdSchema }),
          body: replayRequestSchema,
          response: { 200: replayViewSchema },
        }),
      },
      async (request) => {
        const snapshot = await ownSnapshot(deps.store, ownerOf(request), request.params.id);
        const { search, patience, minDelta, maxEpochs } = request.body;
        const earlyStopping = {
          ...(patience === undefined ? {} : { patience }),
          ...(minDelta === undefined ? {} : { minDelta }),
          ...(maxEpochs === undefined ? {} : { maxEpochs }),
        };
        const told = await whatIf(snapshot, { search: search ?? null, earlyStopping }, (run) =>
          deps.store.work.epochs(run, 0, longestCurve),
        );
        return {
          experimentId: snapshot.experiment.id,
          same: told.same,
          trials: told.rows.map(({ capacity, ...row }) => ({ ...row, ...capacity })),
          decisions: told.decisions.map(({ action, reason }) => ({ action, reason })),
          missing: told.missing,
        };
      },
    );
  };
