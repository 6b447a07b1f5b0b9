/** /v1/workers: who trains. */
import { workerListSchema } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";

export const workerRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/workers",
      { schema: documented("workers", "Workers, live or gone", { response: { 200: workerListSchema } }) },
      async () => {
        const workers = await deps.store.workers.list();
        return { workers: workers.map((worker) => ({ ...worker, engines: [...worker.engines], running: [...worker.running] })) };
      },
    );
  };
