/** /v1/experiments/:id/report: an experiment as one page to hand to somebody else. */
import { experimentIdSchema } from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { ownSnapshot } from "../find-experiment.ts";
import { negotiate } from "../negotiate.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { htmlReport } from "../report/html-report.ts";
import { markdownReport } from "../report/markdown-report.ts";
import { reportFacts } from "../report/report-facts.ts";
import { reportPolicy } from "../report/style.ts";

const reportFormats = { html: "text/html", markdown: "text/markdown" } as const;
type ReportFormat = keyof typeof reportFormats;

export const experimentReportRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/v1/experiments/:id/report",
      {
        schema: documented("experiments", "The whole experiment as one page", {
          description:
            "The question, the trial table, why each step was taken, plots, predictions, data, recipe, versions and how to do it again: one HTML " +
            "file that needs nothing else and runs no script, or (`Accept` or `?format=`) Markdown without the plots. Also of an experiment that has not ended.",
          params: z.object({ id: experimentIdSchema }),
          querystring: z.object({ format: z.enum(["html", "markdown"]).optional() }),
          response: {
            200: { description: "The report", content: { "text/html": { schema: z.string() }, "text/markdown": { schema: z.string() } } },
          },
        }),
      },
      async (request, reply) => {
        const format = request.query.format ?? negotiate<ReportFormat>(request.headers.accept, reportFormats, "html");
        const owner = ownerOf(request);
        const snapshot = await ownSnapshot(deps.store, owner, request.params.id);
        const facts = await reportFacts(deps, owner, snapshot);
        void reply
          .header("vary", "accept")
          .header("content-security-policy", `${reportPolicy}; frame-ancestors 'none'`)
          .type(`${reportFormats[format]}; charset=utf-8`)
          .serializer(String);
        switch (format) {
          case "html":
            return reply.send(htmlReport(facts));
          case "markdown":
            return reply.send(markdownReport(facts));
          default:
            return format satisfies never;
        }
      },
    );
  };
