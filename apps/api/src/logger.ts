/** pino: JSON lines for machines, readable lines on a terminal. */
import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";
import pretty from "pino-pretty";
import type { ApiConfig } from "./config.ts";

export function createLogger(config: Pick<ApiConfig, "logLevel" | "logFormat">): FastifyBaseLogger {
  const options = { level: config.logLevel, base: { app: "api" }, redact: ["req.headers.authorization", "headers.authorization"] };
  const forPeople = config.logFormat === "pretty" || (config.logFormat === "auto" && process.stdout.isTTY === true);
  // In this thread: a transport in a worker thread loses its last lines when the process ends.
  return forPeople ? pino(options, pretty({ sync: true, ignore: "pid,hostname,app", translateTime: "HH:MM:ss" })) : pino(options);
}
