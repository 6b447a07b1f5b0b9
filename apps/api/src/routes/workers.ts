/** /v1/workers: who trains. */
import { workerListSchema } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { callerOf } from "../owner.ts";

export const workerRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/workers",
      { schema: documented("workers", "Workers, live or gone", { response: { 200: workerListSchema } }) },
      async (request) => {
        const workers = await deps.store.workers.list();
        // Workers serve every owner: where there may be several, what they are at is counted and not named.
        const named = callerOf(request).keyId === null;
        const view = (running: readonly string[]) => (named ? [...running] : running.map(() => "an assignment"));
        return { workers: workers.map((worker) => ({ ...worker, engines: [...worker.engines], running: view(worker.running) })) };
      },
    );
  };
