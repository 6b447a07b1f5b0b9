/** The stand-in's lists: experiments with their tables in a line, searched and paged, and the stream that tells their changes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ExperimentItem, experimentItemSchema, type WorkerView } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import type { Stage } from "./stage.ts";

export function itemOf({ experiment, trials }: Stage): ExperimentItem {
  const shown = trials.flatMap((trial) => {
    const score = trial.metrics?.meanSquaredError ?? trial.metrics?.logLoss ?? trial.score;
    return score === null ? [] : [{ trial, score }];
  });
  const size = ({ number, hiddenLayers, nodesPerLayer }: Stage["trials"][number]) => ({ number, hiddenLayers, nodesPerLayer });
  const best = shown.find(({ trial }) => trial.winner) ?? [...shown].sort((a, b) => (a.trial.score ?? 0) - (b.trial.score ?? 0))[0];
  const current = isTerminal("experiment", experiment.state)
    ? undefined
    : trials.find((trial) => trial.state === "RUNNING" || trial.state === "PENDING");
  return {
    ...experiment,
    summary: {
      trials: trials.length,
      scores: shown.map(({ score }) => score),
      best: best === undefined ? null : { ...size(best.trial), score: best.score },
      current:
        current === undefined
          ? null
          : { ...size(current), runs: current.runs.length, endedRuns: current.runs.filter((run) => run.endedAt !== null).length },
    },
  };
}

/** A page of the list, newest first, as the query asks. `stages` stand oldest first. */
export function listPage(stages: readonly Stage[], query: URLSearchParams): { items: ExperimentItem[]; cursor: string | null } {
  const words = (query.get("search") ?? "").toLowerCase().split(/\s+/);
  const states = query.get("states")?.split(",");
  const found = stages.filter(({ experiment: { name, target, preset, dataset, id, state } }) => {
    const text = `${name} ${target} ${preset} ${dataset} ${id}`.toLowerCase();
    return (states?.includes(state) ?? true) && words.every((word) => text.includes(word));
  });
  found.reverse();
  const from = Number(query.get("cursor") ?? 0);
  const end = from + Number(query.get("limit") ?? 50);
  return { items: found.slice(from, end).map(itemOf), cursor: end < found.length ? String(end) : null };
}

export interface ServiceStream {
  /** Answers GET /v1/events. */
  open(request: IncomingMessage, response: ServerResponse, topics: string): void;
  /** Something happened to this experiment. */
  changed(stage: Stage): void;
  workersChanged(workers: readonly WorkerView[]): void;
  /** Breaks every open stream. */
  cut(): void;
  readonly opened: string[];
}

export function createServiceStream(): ServiceStream {
  const streams = new Map<ServerResponse, string>();
  const opened: string[] = [];
  const log: Stage[] = [];
  const send = (response: ServerResponse, event: string, data: unknown) =>
    response.write(`id: mock.${log.length}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  return {
    opened,
    open(request, response, topics) {
      const last = String(request.headers["last-event-id"] ?? "");
      opened.push(last);
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      const resumed = last.startsWith("mock.");
      send(response, "open", { resumed });
      if (resumed) for (const stage of new Set(log.slice(Number(last.slice(5))))) send(response, "experiment", itemOf(stage));
      streams.set(response, topics);
      response.on("close", () => streams.delete(response));
    },
    changed(stage) {
      log.push(stage);
      if (streams.size === 0) return;
      const item = experimentItemSchema.parse(itemOf(stage));
      for (const [response, topics] of streams) if (topics.includes("experiments")) send(response, "experiment", item);
    },
    workersChanged(workers) {
      for (const [response, topics] of streams) if (topics.includes("workers")) send(response, "workers", { workers });
    },
    cut() {
      for (const response of streams.keys()) response.destroy();
    },
  };
}
