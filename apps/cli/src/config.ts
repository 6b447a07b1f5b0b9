/** The command line's settings: the only place where this app reads the environment. */
import { availableParallelism } from "node:os";
import { z } from "zod";
import { CliError, exitCodes } from "./errors.ts";

export const defaultPort = 7421;

const environmentSchema = z.object({
  DATABASE_URL: z.string().optional(),
  REDIS_URL: z.string().optional(),
  RIGHTSIZE_URL: z
    .string()
    .regex(/^https?:\/\//, "an http:// or https:// address")
    .default(`http://127.0.0.1:${defaultPort}`),
  RIGHTSIZE_KEY: z.string().optional(),
  RIGHTSIZE_HOST: z.string().default("127.0.0.1"),
  RIGHTSIZE_PORT: z.coerce.number("a port number").int().min(0).max(65_535).default(defaultPort),
  RIGHTSIZE_DATA: z.string().default(".rightsize"),
  RIGHTSIZE_ENGINES: z.string().default("onnx"),
  RIGHTSIZE_SLOTS: z.coerce.number("a whole number").int().min(1).max(256).default(availableParallelism()),
  RIGHTSIZE_LOG: z.string().optional(),
  NO_COLOR: z.string().optional(),
});

export interface CliConfig {
  /** The user's own Postgres; null starts the embedded one. */
  readonly databaseUrl: string | null;
  /** null puts the queue on Postgres. */
  readonly redisUrl: string | null;
  /** Where a running service is, for the commands that talk to one. */
  readonly url: string;
  readonly key: string | null;
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  /** Engines by name, separated by commas. */
  readonly engines: string;
  /** Trainings at once. */
  readonly slots: number;
  /** null leaves the level to the command. */
  readonly logLevel: string | null;
  readonly color: boolean;
  /** Everything, handed on to the processes that a launcher starts. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Reads and checks the environment; throws a CliError that names each wrong variable and never its value. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): CliConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new CliError(`These environment variables can't be used:\n${lines.join("\n")}`, exitCodes.usage);
  }
  const values = parsed.data;
  return {
    databaseUrl: values.DATABASE_URL ?? null,
    redisUrl: values.REDIS_URL ?? null,
    url: values.RIGHTSIZE_URL.replace(/\/+$/, ""),
    key: values.RIGHTSIZE_KEY ?? null,
    host: values.RIGHTSIZE_HOST,
    port: values.RIGHTSIZE_PORT,
    dataFolder: values.RIGHTSIZE_DATA,
    engines: values.RIGHTSIZE_ENGINES,
    slots: values.RIGHTSIZE_SLOTS,
    logLevel: values.RIGHTSIZE_LOG ?? null,
    color: values.NO_COLOR === undefined,
    environment,
  };
}
