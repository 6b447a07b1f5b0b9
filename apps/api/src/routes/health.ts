/** /health/live: the process answers. /health/ready: it can do its work, or what is wrong. */
import { readinessSchema } from "@rightsize/contract";
import { RightsizeError } from "@rightsize/core";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { checkReadiness } from "../readiness.ts";

export const healthRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/health/live",
      { schema: documented("service", "The process answers", { response: { 200: z.object({ live: z.literal(true) }) } }) },
      async () => ({ live: true as const }),
    );
    app.get(
      "/health/ready",
      { schema: documented("service", "The service can do its work; 503 says what is wrong", { response: { 200: readinessSchema } }) },
      async () => {
        const readiness = await checkReadiness(deps);
        if (readiness.ready) return readiness;
        const failed = readiness.checks.filter(({ ok }) => !ok);
        throw new RightsizeError("unavailable", `Not ready: ${failed.map(({ name, detail }) => `${name}: ${detail}`).join("; ")}`, {
          issues: failed.map(({ name, detail }) => ({ where: name, received: detail, required: "a part that answers" })),
        });
      },
    );
  };
