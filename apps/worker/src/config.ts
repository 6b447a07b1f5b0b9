/** The worker's settings: the only place where this app reads the environment. */
import { availableParallelism, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineName, engineNames, RightsizeError } from "@rightsize/core";
import { type ExecutionProvider, executionProviders } from "@rightsize/engine";
import { z } from "zod";
import type { ArtifactSettings } from "./trainer-protocol.ts";

export interface WorkerConfig {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly artifacts: ArtifactSettings;
  readonly engines: readonly EngineName[];
  /** Where the onnx engine computes. */
  readonly provider: ExecutionProvider;
  /** Trainer children, each training one assignment at a time. */
  readonly slots: number;
  /** Whether idle slots train what a decision may ask for soon. */
  readonly speculation: boolean;
  readonly machine: string;
  readonly log: { readonly level: string; readonly pretty: boolean };
  readonly leaseMs: number;
  readonly checkpointEveryMs: number;
  /** Prepared tables that each trainer keeps for its next run, in bytes. */
  readonly keptTensorBytes: number;
}

const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const environmentSchema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "a postgres:// URL"),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, "a redis:// URL")
    .optional(),
  RIGHTSIZE_ARTIFACTS: z.string().min(1).optional(),
  RIGHTSIZE_URL: z
    .string()
    .regex(/^https?:\/\//, "an http:// URL")
    .optional(),
  RIGHTSIZE_KEY: z.string().min(1).optional(),
  RIGHTSIZE_CACHE: z.string().min(1).optional(),
  RIGHTSIZE_ENGINES: z.string().default("onnx"),
  RIGHTSIZE_ONNX_PROVIDER: z.enum(executionProviders).default("cpu"),
  RIGHTSIZE_SLOTS: wholeNumber(1, 256).optional(),
  RIGHTSIZE_SPECULATION: z.enum(["on", "off"]).default("off"),
  RIGHTSIZE_MACHINE: z.string().min(1).optional(),
  RIGHTSIZE_LOG: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  RIGHTSIZE_LOG_FORMAT: z.enum(["pretty", "json"]).default("json"),
  RIGHTSIZE_LEASE_MS: wholeNumber(1000, 3_600_000).default(10_000),
  RIGHTSIZE_KEPT_TENSORS_MB: wholeNumber(0, 1_000_000).default(512),
  RIGHTSIZE_CHECKPOINT_MS: wholeNumber(100, 3_600_000).default(10_000),
});

/** Reads and checks the environment; throws `invalid_request` that names each variable, what it holds and what it needs. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): WorkerConfig {
  const filled = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(filled);
  if (!parsed.success) {
    throw new RightsizeError("invalid_request", "the worker's environment is not usable", {
      issues: parsed.error.issues.map(({ path, message }) => ({
        where: path.join("."),
        received: filled[String(path[0])] === undefined ? "nothing" : "another value",
        required: message,
      })),
    });
  }
  const env = parsed.data;
  const engines = env.RIGHTSIZE_ENGINES.split(",").map((name) => name.trim());
  return {
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL ?? null,
    artifacts: artifactSettings(env),
    engines: engines.map(engineName),
    provider: env.RIGHTSIZE_ONNX_PROVIDER,
    slots: env.RIGHTSIZE_SLOTS ?? availableParallelism(),
    speculation: env.RIGHTSIZE_SPECULATION === "on",
    machine: env.RIGHTSIZE_MACHINE ?? hostname(),
    log: { level: env.RIGHTSIZE_LOG, pretty: env.RIGHTSIZE_LOG_FORMAT === "pretty" },
    leaseMs: env.RIGHTSIZE_LEASE_MS,
    checkpointEveryMs: env.RIGHTSIZE_CHECKPOINT_MS,
    keptTensorBytes: env.RIGHTSIZE_KEPT_TENSORS_MB * 2 ** 20,
  };
}

function artifactSettings(env: z.infer<typeof environmentSchema>): ArtifactSettings {
  if (env.RIGHTSIZE_ARTIFACTS !== undefined) return { kind: "folder", folder: env.RIGHTSIZE_ARTIFACTS };
  if (env.RIGHTSIZE_URL !== undefined) {
    const cacheFolder = env.RIGHTSIZE_CACHE ?? join(tmpdir(), "rightsize-cache");
    return { kind: "http", baseUrl: env.RIGHTSIZE_URL, key: env.RIGHTSIZE_KEY ?? null, cacheFolder };
  }
  throw new RightsizeError("invalid_request", "the worker must know where datasets and models are", {
    issues: [
      { where: "RIGHTSIZE_ARTIFACTS", received: "nothing", required: "a folder shared with the API, or RIGHTSIZE_URL, the API's address" },
    ],
  });
}

function engineName(name: string): EngineName {
  const known = engineNames.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new RightsizeError("invalid_request", `there is no engine ${name}`, {
    issues: [{ where: "RIGHTSIZE_ENGINES", received: name, required: engineNames.join(", ") }],
  });
}
