/** /v1/workers: who trains. */
import { workerListSchema } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { callerOf } from "../owner.ts";
import { workerViews } from "../views/worker-view.ts";

export const workerRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/workers",
      { schema: documented("workers", "Workers, live or gone", { response: { 200: workerListSchema } }) },
      async (request) => {
        return { workers: workerViews(await deps.store.workers.list(), callerOf(request).keyId === null) };
      },
    );
  };
