/** `rightsize up` (npm start): starts everything and stays until it is told to stop. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../command.ts";
import { startService } from "../launcher/start-service.ts";

export const up: Command = {
  name: "up",
  usage: "[--port PORT] [--data FOLDER] [--workers N]",
  summary: "Start Postgres, the API with its page, and workers; stay until Ctrl-C. This is npm start.",
  positionals: 0,
  options: {
    port: { type: "string", value: "PORT", help: "where the API listens (RIGHTSIZE_PORT; 7421; 0 is any free port)" },
    host: { type: "string", value: "ADDRESS", help: "the address it listens on (RIGHTSIZE_HOST; 127.0.0.1)" },
    data: { type: "string", value: "FOLDER", help: "where everything is kept (RIGHTSIZE_DATA; .rightsize)" },
    workers: { type: "string", value: "N", help: "trainings at once (RIGHTSIZE_SLOTS; one a core)" },
    engines: { type: "string", value: "NAMES", help: "engines to offer (RIGHTSIZE_ENGINES; onnx)" },
  },
  async run(invocation) {
    const { config, output, interrupts } = invocation;
    const dataFolder = invocation.text("data") ?? config.dataFolder;
    output.say("Starting Rightsize …");
    const service = await startService({
      dataFolder,
      host: invocation.text("host") ?? config.host,
      port: invocation.wholeNumber("port", 0, 65_535, config.port),
      slots: invocation.wholeNumber("workers", 1, 256, config.slots),
      engines: invocation.text("engines") ?? config.engines,
      databaseUrl: config.databaseUrl,
      redisUrl: config.redisUrl,
      logLevel: config.logLevel ?? "info",
      logs: "terminal",
      environment: config.environment,
      say: output.say,
      signal: interrupts.signal,
    });
    try {
      await service.workerReady;
      if (output.json) output.line(JSON.stringify({ url: service.url, data: dataFolder, pids: service.pids() }));
      else output.lines(addresses(service.url, dataFolder));
      await untilAborted(interrupts.signal);
      output.say("Stopping …");
    } finally {
      await service.stop();
    }
    output.say("Stopped. Everything is kept; npm start goes on from here.");
  },
};

function addresses(url: string, dataFolder: string): readonly string[] {
  return [
    "",
    "Rightsize is running.",
    `  page  ${url}/`,
    `  API   ${url}/v1        documented at ${url}/docs`,
    `  data  ${dataFolder}`,
    "Ctrl-C stops it.",
    "",
  ];
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await sleep(2 ** 30, undefined, { signal }).catch(() => {});
}
