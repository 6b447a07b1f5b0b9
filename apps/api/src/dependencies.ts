/** What the API is assembled from: ports, so that tests can give it twins and the process real parts. */
import type {
  Admission,
  ArtifactStore,
  EngineName,
  Experiment,
  ExperimentId,
  ExperimentPlan,
  ExperimentSpec,
  OwnerId,
  Queue,
  Sha256,
  Store,
} from "@rightsize/core";
import type { FastifyBaseLogger } from "fastify";
import type { ArtifactGate } from "./artifact-gate.ts";
import type { DataProcess } from "./data-process/data-process.ts";
import type { PredictProcess } from "./predict-process/predict-process.ts";

/** What `createExperiment` of the orchestrator needs to know of an accepted request. */
export interface AcceptedExperiment {
  readonly owner: OwnerId;
  readonly spec: ExperimentSpec;
  readonly plan: ExperimentPlan;
  readonly idempotency: { readonly key: string; readonly requestHash: Sha256 } | null;
  readonly admission: Admission;
}

/** Limits and folders of an app; `defaultAppSettings` has all of them. */
export interface AppSettings {
  readonly version: string;
  readonly engines: readonly EngineName[];
  readonly uploadsFolder: string;
  readonly uploadLimitBytes: number;
  readonly bodyLimitBytes: number;
  readonly dashboardFolder: string | null;
  /** Whether requests need a key also while there is none in the database. */
  readonly requireKeys: boolean;
  /** Requests of one key, or without keys of one client address, a minute; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** Experiments of one owner that have not ended; 0 is no limit. */
  readonly openExperiments: number;
  /** Most work of one training, in parameters × training rows × epochs; 0 is no limit. */
  readonly trainingWork: number;
  /** Most rows of one request for predictions. */
  readonly predictRows: number;
  /** Event-loop delay above which requests are answered 503; 0 never. */
  readonly maxEventLoopDelayMs: number;
  /** How often a stream of events looks by itself, in case a signal was lost. */
  readonly eventLookMs: number;
  readonly heartbeatMs: number;
  /** How often the callers of open streams are looked at: a revoked or expired key's end at the latest after this. */
  readonly callerLookMs: number;
}

export interface ApiDependencies {
  readonly store: Store;
  /** null where there is no queue to watch (tests). */
  readonly queue: Queue | null;
  readonly artifacts: ArtifactStore;
  /** Shared with whoever else deletes artifacts in this process. */
  readonly gate: ArtifactGate;
  readonly dataProcess: DataProcess;
  readonly predictProcess: PredictProcess;
  readonly createExperiment: (request: AcceptedExperiment) => Promise<{ readonly experiment: Experiment; readonly created: boolean }>;
  /** Called after an experiment was created, paused, resumed or cancelled: a hint for background loops in this process. */
  readonly onWorkChanged?: (id: ExperimentId) => void;
  readonly logger: FastifyBaseLogger;
  readonly settings: AppSettings;
}

export const defaultAppSettings: Omit<AppSettings, "uploadsFolder"> = {
  version: "0.1.0",
  engines: ["onnx"],
  uploadLimitBytes: 2 ** 30,
  bodyLimitBytes: 16 * 2 ** 20,
  dashboardFolder: null,
  requireKeys: false,
  requestsPerMinute: 0,
  openExperiments: 0,
  trainingWork: 0,
  predictRows: 100_000,
  maxEventLoopDelayMs: 2000,
  eventLookMs: 3000,
  heartbeatMs: 15_000,
  callerLookMs: 2000,
};
