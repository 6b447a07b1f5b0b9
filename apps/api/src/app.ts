/** Assembles the API: walls, error mapping, documentation, routes and the dashboard. It doesn't listen. */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { fastifySSE } from "@fastify/sse";
import { RightsizeError } from "@rightsize/core";
import fastify, { type FastifyInstance, LogController } from "fastify";
import { serializerCompiler } from "fastify-type-provider-zod";
import { addAccess, createAccess } from "./access.ts";
import { createDatabaseClock } from "./database-clock.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { createCallerWatch } from "./events/caller-watch.ts";
import { openExperimentFeeds } from "./events/experiment-feeds.ts";
import { openServiceFeeds } from "./events/service-feeds.ts";
import { addMetrics } from "./metrics.ts";
import { addOpenApi } from "./openapi.ts";
import { problemOf, problemType, sendProblem } from "./problems.ts";
import { artifactRoutes } from "./routes/artifacts.ts";
import { addDashboard } from "./routes/dashboard.ts";
import { datasetRoutes } from "./routes/datasets.ts";
import { experimentEvaluationRoutes } from "./routes/experiment-evaluation.ts";
import { experimentEventRoutes } from "./routes/experiment-events.ts";
import { experimentLearningCurveRoutes } from "./routes/experiment-learning-curve.ts";
import { experimentLogRoutes } from "./routes/experiment-log.ts";
import { experimentModelRoutes } from "./routes/experiment-model.ts";
import { experimentReplayRoutes } from "./routes/experiment-replay.ts";
import { experimentReportRoutes } from "./routes/experiment-report.ts";
import { experimentTrialRoutes } from "./routes/experiment-trials.ts";
import { experimentRoutes } from "./routes/experiments.ts";
import { healthRoutes } from "./routes/health.ts";
import { keyRoutes } from "./routes/keys.ts";
import { serviceEventRoutes } from "./routes/service-events.ts";
import { trialRoutes } from "./routes/trials.ts";
import { workerRoutes } from "./routes/workers.ts";
import { addSecurity } from "./security.ts";
import { validatorCompiler } from "./validation.ts";

/** The app, ready for `inject` or `listen`. It closes what it opened itself (streams, metrics), never the dependencies. */
export async function buildApp(deps: ApiDependencies): Promise<FastifyInstance> {
  const { settings } = deps;
  const app: FastifyInstance = fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 1000 },
    bodyLimit: settings.bodyLimitBytes,
    // An open stream of events would hold close() forever.
    forceCloseConnections: true,
    requestTimeout: 0,
    keepAliveTimeout: 5000,
    genReqId: () => `req_${randomUUID().replaceAll("-", "")}`,
    requestIdHeader: false,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: refuseBrokenHttp,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(sendProblem);
  app.addHook("onResponse", async (request, reply) => {
    const line = { method: request.method, url: request.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
    if (reply.statusCode >= 400) request.log.info(line, "refused");
    else request.log.debug(line, "answered");
  });

  const eventLag = { observe: (_seconds: number) => {} };
  const databaseClock = createDatabaseClock(deps.store);
  const feeds = await openExperimentFeeds(deps.store, {
    lookMs: settings.eventLookMs,
    log: deps.logger,
    onEvent: (event) => {
      const now = databaseClock.now();
      if (now !== null) eventLag.observe(Math.max(0, (now - Date.parse(event.createdAt)) / 1000));
    },
  });
  app.addHook("onClose", () => feeds.close());
  const serviceFeeds = await openServiceFeeds(deps.store, { lookMs: settings.eventLookMs, log: deps.logger });
  app.addHook("onClose", () => serviceFeeds.close());

  const access = createAccess(deps.store, settings.requireKeys);
  addAccess(app, deps.store, access);
  const callers = createCallerWatch(deps.store, access, { everyMs: settings.callerLookMs, log: deps.logger });
  app.addHook("onClose", async () => callers.close());
  await addSecurity(app, settings, access);
  const { gate } = deps;
  await app.register(fastifySSE, { heartbeatInterval: settings.heartbeatMs });
  await addOpenApi(app, settings.version);
  eventLag.observe = addMetrics(app, deps, () => feeds.watcherCount() + serviceFeeds.watcherCount()).observeEventLag;
  await app.register(healthRoutes(deps));
  await app.register(datasetRoutes(deps, gate));
  await app.register(experimentRoutes(deps, gate, serviceFeeds));
  await app.register(experimentTrialRoutes(deps));
  await app.register(experimentModelRoutes(deps));
  await app.register(experimentEvaluationRoutes(deps));
  await app.register(experimentLogRoutes(deps));
  await app.register(experimentReportRoutes(deps));
  await app.register(experimentReplayRoutes(deps));
  await app.register(experimentLearningCurveRoutes(deps, gate));
  await app.register(experimentEventRoutes(deps, feeds, callers));
  await app.register(serviceEventRoutes(serviceFeeds, callers));
  await app.register(trialRoutes(deps));
  await app.register(workerRoutes(deps));
  await app.register(artifactRoutes(deps));
  await app.register(keyRoutes(deps, access));
  await addDashboard(app, settings.dashboardFolder);
  await app.ready();
  return app;
}

/** Bytes that aren't HTTP get a problem too, by hand: there is no request yet. */
function refuseBrokenHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const tooLarge = error.code === "HPE_HEADER_OVERFLOW";
  const known = tooLarge
    ? new RightsizeError("too_large", "The request's headers are larger than the service accepts.")
    : new RightsizeError("malformed_request", "What was sent isn't a well-formed HTTP request.");
  const body = JSON.stringify({ ...problemOf(known, "none"), ...(tooLarge ? { status: 431 } : {}) });
  const status = tooLarge ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
