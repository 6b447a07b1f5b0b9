/** The running service: real store, queue, artifacts, data process and background loops around the app, opened and closed in order. */
import path from "node:path";
import { createFolderArtifacts } from "@rightsize/artifacts";
import { asRightsizeError, randomIds, type Store } from "@rightsize/core";
import {
  advanceExperiment,
  createExperiment,
  startDispatcher,
  startReconciler,
  startSweeper,
  startTimeKeeper,
} from "@rightsize/orchestrator";
import { createQueue } from "@rightsize/queue";
import { createPostgresStore, migrate } from "@rightsize/store";
import type { FastifyBaseLogger } from "fastify";
import { buildApp } from "./app.ts";
import { createArtifactGate } from "./artifact-gate.ts";
import { type ApiConfig, ConfigurationError, childEnvironment, isLoopback } from "./config.ts";
import { startDataProcess } from "./data-process/data-process.ts";
import { defaultAppSettings } from "./dependencies.ts";
import { createPredictProcess } from "./predict-process/predict-process.ts";
import { sweepTemporaryFolders } from "./temporary-files.ts";

export interface Service {
  /** Where it answers, for example `http://127.0.0.1:7421`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Migrates, opens everything, listens. What was opened is closed again when a later step fails. */
export async function startService(config: ApiConfig, logger: FastifyBaseLogger): Promise<Service> {
  const opened: { name: string; close: () => Promise<unknown> }[] = [];
  const closeAll = async () => {
    for (const { name, close } of opened.splice(0).reverse()) {
      await close().catch((error: unknown) => logger.warn({ err: error }, `closing ${name} failed`));
    }
  };
  const keep = <Thing>(name: string, thing: Thing, close: (thing: Thing) => Promise<unknown>): Thing => {
    opened.push({ name, close: () => close(thing) });
    return thing;
  };
  try {
    const dataProcess = keep(
      "the data process",
      startDataProcess({
        timeoutMs: config.dataTimeoutMs,
        memoryBytes: config.dataMemoryBytes,
        limits: config.dataLimits,
        environment: childEnvironment(),
      }),
      (open) => open.close(),
    );
    const predictProcess = keep(
      "the predicting process",
      createPredictProcess({ timeoutMs: config.dataTimeoutMs, memoryBytes: config.dataMemoryBytes, environment: childEnvironment() }),
      (open) => open.close(),
    );
    await migrate(config.databaseUrl);
    const store = keep("the store", await createPostgresStore({ url: config.databaseUrl }), (open) => open.close());
    if (!config.requireKeys) await refuseOpenDoor(config, store);
    const queue = keep("the queue", await createQueue({ redisUrl: config.redisUrl, databaseUrl: config.databaseUrl, logger }), (open) =>
      open.close(),
    );
    await sweepTemporaryFolders(config.uploadsFolder, Date.now());
    const loops = {
      store,
      queue,
      ids: randomIds,
      onError: (loop: string, error: unknown) => logger.warn({ err: error, loop }, "a background loop failed; it goes on"),
    };
    keep("the dispatcher", await startDispatcher(loops), (loop) => loop.stop());
    keep("the reconciler", startReconciler(loops), (loop) => loop.stop());
    keep("the time keeper", startTimeKeeper(loops), (loop) => loop.stop());
    const artifacts = createFolderArtifacts({ folder: config.artifactsFolder });
    const gate = createArtifactGate();
    keep("the sweeper", startSweeper({ ...loops, artifacts, alone: gate.deleting }), (loop) => loop.stop());
    const app = keep(
      "the app",
      await buildApp({
        store,
        queue,
        artifacts,
        gate,
        dataProcess,
        predictProcess,
        createExperiment: (request) => createExperiment({ store, ids: randomIds }, request),
        // A resumed experiment whose runs all ended while it was paused goes on now, and not at the reconciler's next round.
        onWorkChanged: (id) => {
          advanceExperiment(store, randomIds, id).catch((error: unknown) =>
            logger.warn({ err: error, experiment: id }, "advancing failed"),
          );
        },
        logger,
        settings: {
          ...defaultAppSettings,
          engines: config.engines,
          uploadsFolder: path.resolve(config.uploadsFolder),
          uploadLimitBytes: config.uploadLimitBytes,
          bodyLimitBytes: config.bodyLimitBytes,
          dashboardFolder: config.dashboardFolder,
          requestsPerMinute: config.requestsPerMinute,
          predictRows: config.predictRows,
          // An address that others reach needs keys even if they should all be deleted by hand.
          requireKeys: config.requireKeys || !isLoopback(config.host),
          openExperiments: config.openExperiments,
          trainingWork: config.trainingWork,
        },
      }),
      (open) => open.close(),
    );
    const address = { host: config.host, port: config.port, listenTextResolver: (url: string) => `listening on ${url}` };
    const url = await app.listen(address).catch((error: unknown) => {
      throw listenError(error, config);
    });
    return { url, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Without keys anyone who reaches the service could read and delete everything: then only this machine may reach it. */
async function refuseOpenDoor({ host }: ApiConfig, store: Store): Promise<void> {
  if (isLoopback(host) || (await store.keys.any())) return;
  throw new ConfigurationError(
    `RIGHTSIZE_HOST is ${host}, which other machines can reach, and this service runs without keys: anyone there could read and delete ` +
      "everything. Make a key first (rightsize keys create, see the README), set RIGHTSIZE_REQUIRE_KEYS=true, or use 127.0.0.1.",
  );
}

function listenError(error: unknown, { host, port }: ApiConfig): unknown {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "EADDRINUSE") {
    return new ConfigurationError(
      `Port ${port} on ${host} is taken by another program. Stop it, or choose another port with RIGHTSIZE_PORT.`,
    );
  }
  if (code === "EACCES")
    return new ConfigurationError(`Port ${port} on ${host} needs rights that this process doesn't have. Choose one above 1023.`);
  if (code === "EADDRNOTAVAIL")
    return new ConfigurationError(`This machine has no address ${host}. Set RIGHTSIZE_HOST to one that it has.`);
  return asRightsizeError(error);
}
