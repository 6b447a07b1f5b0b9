/** The API's configuration: the one file of this app that reads the environment, checked once at start. */
import { homedir } from "node:os";
import path from "node:path";
import { engineNames } from "@rightsize/core";
import type { DataLimits } from "@rightsize/data";
import { z } from "zod";

const megabyte = 2 ** 20;

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, "a whole number")
    .transform(Number)
    .pipe(z.number().min(least, `at least ${least}`).max(most, `at most ${most}`));

const commaList = <Name extends string>(names: readonly Name[]) =>
  z
    .string()
    .transform((text) => text.split(",").map((name) => name.trim()))
    .pipe(z.array(z.enum(names)).min(1));

const environmentSchema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "a Postgres URL, postgresql://user:password@host:port/database"),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, "a Redis URL, redis://host:port")
    .optional(),
  RIGHTSIZE_HOST: z.string().min(1).default("127.0.0.1"),
  RIGHTSIZE_PORT: wholeNumber(0, 65_535).default(7421),
  RIGHTSIZE_ARTIFACTS: z.string().min(1).default(path.join(".rightsize", "artifacts")),
  RIGHTSIZE_ENGINES: commaList(engineNames).default(["onnx"]),
  RIGHTSIZE_LOG: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  RIGHTSIZE_LOG_FORMAT: z.enum(["auto", "json", "pretty"]).default("auto"),
  RIGHTSIZE_DASHBOARD: z.string().min(1).optional(),
  RIGHTSIZE_UPLOAD_MB: wholeNumber(1, 1_000_000).default(1024),
  RIGHTSIZE_BODY_MB: wholeNumber(1, 1024).default(16),
  RIGHTSIZE_DATA_SECONDS: wholeNumber(1, 86_400).default(120),
  RIGHTSIZE_DATA_MEMORY_MB: wholeNumber(256, 1_000_000).default(2048),
  RIGHTSIZE_DATA_UNPACKED_MB: wholeNumber(1, 10_000_000).optional(),
  RIGHTSIZE_DATA_UNPACK_RATIO: wholeNumber(2, 1_000_000).optional(),
  RIGHTSIZE_DATA_ROWS: wholeNumber(1, 1_000_000_000).optional(),
  RIGHTSIZE_DATA_COLUMNS: wholeNumber(1, 1_000_000).optional(),
  RIGHTSIZE_DATA_CELL_CHARACTERS: wholeNumber(1, 10_000_000).optional(),
  RIGHTSIZE_DATA_CLASSES: wholeNumber(2, 1_000_000).optional(),
  RIGHTSIZE_DATA_TEXTS: wholeNumber(1, 100_000_000).optional(),
  RIGHTSIZE_DATA_TEXT_CHARACTERS: wholeNumber(1, 1_000_000_000).optional(),
  RIGHTSIZE_DATA_TENSORS_MB: wholeNumber(1, 10_000_000).optional(),
  RIGHTSIZE_REQUESTS_PER_MINUTE: wholeNumber(0, 10_000_000).default(0),
  RIGHTSIZE_PREDICT_ROWS: wholeNumber(1, 10_000_000).default(100_000),
  RIGHTSIZE_REQUIRE_KEYS: z
    .enum(["true", "false"], "true or false")
    .transform((text) => text === "true")
    .default(false),
  RIGHTSIZE_OPEN_EXPERIMENTS: wholeNumber(0, 1_000_000).default(0),
  RIGHTSIZE_TRAINING_WORK: z
    .string()
    .refine((text) => Number.isFinite(Number(text)) && Number(text) >= 0, "a number, for example 1e14; 0 is no limit")
    .transform(Number)
    .default(0),
});

export interface ApiConfig {
  readonly databaseUrl: string;
  /** null puts the queue on Postgres. */
  readonly redisUrl: string | null;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly artifactsFolder: string;
  /** Uploads on their way, beside the artifacts so that they share a disk with room for them. */
  readonly uploadsFolder: string;
  /** Engines that an experiment may ask for. */
  readonly engines: readonly (typeof engineNames)[number][];
  readonly logLevel: string;
  readonly logFormat: "auto" | "json" | "pretty";
  readonly dashboardFolder: string | null;
  readonly uploadLimitBytes: number;
  /** Most bytes of a JSON body, and of a CSV body to predict for. */
  readonly bodyLimitBytes: number;
  /** Longest time a file may take to be read, an experiment to be planned, or rows to be predicted for. */
  readonly dataTimeoutMs: number;
  readonly dataMemoryBytes: number;
  /** What a file and a plan may be; what isn't configured is the data package's own default. */
  readonly dataLimits: Partial<DataLimits>;
  /** Requests of one key, or without keys of one client address, a minute; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** Most rows of one request for predictions. */
  readonly predictRows: number;
  /** Whether requests need a key also while the database holds none. */
  readonly requireKeys: boolean;
  /** Experiments of one owner that have not ended; 0 is no limit. */
  readonly openExperiments: number;
  /** Most work of one training, in parameters × training rows × epochs; 0 is no limit. */
  readonly trainingWork: number;
}

/** A configuration that can't be used; the message says which variable and why, and never its value. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/** Whether only this machine can reach an address that a server listens on. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Reads and checks the environment; throws a ConfigurationError that names every wrong variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): ApiConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    // Values may hold passwords, so only names and what is required are said.
    const lines = parsed.error.issues.map(
      (issue) => `  ${issue.path.join(".")}: ${given[String(issue.path[0])] === undefined ? "it must be set" : issue.message}`,
    );
    throw new ConfigurationError(`The configuration can't be used:\n${lines.join("\n")}`);
  }
  const values = parsed.data;
  const artifactsFolder = absolute(values.RIGHTSIZE_ARTIFACTS);
  return {
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL ?? null,
    host: values.RIGHTSIZE_HOST,
    port: values.RIGHTSIZE_PORT,
    artifactsFolder,
    uploadsFolder: path.join(path.dirname(artifactsFolder), "uploads"),
    engines: values.RIGHTSIZE_ENGINES,
    logLevel: values.RIGHTSIZE_LOG,
    logFormat: values.RIGHTSIZE_LOG_FORMAT,
    dashboardFolder: values.RIGHTSIZE_DASHBOARD === undefined ? null : absolute(values.RIGHTSIZE_DASHBOARD),
    uploadLimitBytes: values.RIGHTSIZE_UPLOAD_MB * megabyte,
    bodyLimitBytes: values.RIGHTSIZE_BODY_MB * megabyte,
    dataTimeoutMs: values.RIGHTSIZE_DATA_SECONDS * 1000,
    dataMemoryBytes: values.RIGHTSIZE_DATA_MEMORY_MB * megabyte,
    dataLimits: dataLimitsOf(values),
    requestsPerMinute: values.RIGHTSIZE_REQUESTS_PER_MINUTE,
    predictRows: values.RIGHTSIZE_PREDICT_ROWS,
    requireKeys: values.RIGHTSIZE_REQUIRE_KEYS,
    openExperiments: values.RIGHTSIZE_OPEN_EXPERIMENTS,
    trainingWork: values.RIGHTSIZE_TRAINING_WORK,
  };
}

function dataLimitsOf(values: z.output<typeof environmentSchema>): Partial<DataLimits> {
  const bytes = (megabytes: number | undefined) => (megabytes === undefined ? undefined : megabytes * megabyte);
  const limits = {
    maxFileBytes: values.RIGHTSIZE_UPLOAD_MB * megabyte,
    maxUnpackedBytes: bytes(values.RIGHTSIZE_DATA_UNPACKED_MB),
    maxUnpackRatio: values.RIGHTSIZE_DATA_UNPACK_RATIO,
    maxRowCount: values.RIGHTSIZE_DATA_ROWS,
    maxColumnCount: values.RIGHTSIZE_DATA_COLUMNS,
    maxCellLength: values.RIGHTSIZE_DATA_CELL_CHARACTERS,
    maxClassCount: values.RIGHTSIZE_DATA_CLASSES,
    maxDistinctTexts: values.RIGHTSIZE_DATA_TEXTS,
    maxTextCharacters: values.RIGHTSIZE_DATA_TEXT_CHARACTERS,
    // The reader shares the process's memory with the columns that it fills.
    maxReadingMemoryBytes: Math.floor((values.RIGHTSIZE_DATA_MEMORY_MB * megabyte) / 2),
    maxTensorBytes: bytes(values.RIGHTSIZE_DATA_TENSORS_MB),
  } satisfies { [Limit in keyof DataLimits]: DataLimits[Limit] | undefined };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

/** What a child process may know of the environment: where to find things, and no secret. */
export function childEnvironment(): Readonly<Record<string, string>> {
  const passed = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "LANG", "TZ", "NODE_ENV"];
  return Object.fromEntries(passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string]])));
}

function absolute(folder: string): string {
  return path.resolve(folder.startsWith("~/") ? path.join(homedir(), folder.slice(2)) : folder);
}
