/** Numbers for Prometheus. Each app has a registry of its own; gauges are read from their source when somebody asks. */
import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { ApiDependencies } from "./dependencies.ts";

/** Watches the app's requests and adds GET /metrics. */
export function addMetrics(
  app: FastifyInstance,
  deps: ApiDependencies,
  watcherCount: () => number,
): { observeEventLag(seconds: number): void } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const requests = new Histogram({
    name: "rightsize_http_request_seconds",
    help: "Time to answer HTTP requests",
    labelNames: ["method", "route", "status"],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  app.addHook("onResponse", async (request, reply) => {
    // The route's pattern, not the path: ids would make a series each.
    const route = request.routeOptions.url ?? "(none)";
    requests.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
  });

  const failures = new Counter({
    name: "rightsize_metric_failures_total",
    help: "Times a number could not be read for this page",
    labelNames: ["metric"],
    registers,
  });
  /** A gauge whose values are read anew at each scrape; a source that can't be reached leaves it empty and is counted. */
  const gauge = (name: string, help: string, label: string | null, read: () => Promise<Readonly<Record<string, number>>>) =>
    new Gauge({
      name,
      help,
      labelNames: label === null ? [] : [label],
      registers,
      async collect() {
        this.reset();
        try {
          for (const [value, count] of Object.entries(await read())) {
            if (label === null) this.set(count);
            else this.set({ [label]: value }, count);
          }
        } catch {
          failures.inc({ metric: name });
        }
      },
    });

  const { store, queue } = deps;
  if (queue !== null) gauge("rightsize_queue_jobs", "Jobs in the queue", "state", async () => ({ ...(await queue.depth()) }));
  gauge("rightsize_runs", "Runs by state", "state", () => store.work.runCounts());
  gauge("rightsize_speculative_runs", "Runs begun before a decision asked for them: adopted by one, or not", "use", async () => {
    const { adoptedRuns, unusedRuns } = await store.work.speculationUse(null);
    return { adopted: adoptedRuns, unused: unusedRuns };
  });
  gauge("rightsize_speculative_seconds", "Time of slots that went into such runs before they were asked for", "use", async () => {
    const { adoptedMs, unusedMs } = await store.work.speculationUse(null);
    return { adopted: adoptedMs / 1000, unused: unusedMs / 1000 };
  });
  gauge("rightsize_epochs_per_second", "Epochs a second of the runs that ended in the last minute", null, async () => ({
    all: (await store.work.pace()).epochsPerSecond,
  }));
  gauge("rightsize_slot_gap_seconds", "Median time between two attempts of a worker, over the last minute", null, async () => {
    const { slotGapMs } = await store.work.pace();
    const none: Record<string, number> = {};
    return slotGapMs === null ? none : { all: slotGapMs / 1000 };
  });
  const eventLag = new Histogram({
    name: "rightsize_event_lag_seconds",
    help: "Time from an event's commit, by the database's clock, to its reading for those who watch",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  gauge("rightsize_stale_writes", "Writes of stale attempts that were refused, since the database was made", null, async () => ({
    all: await store.work.staleWriteCount(),
  }));
  gauge("rightsize_workers", "Workers", "state", async () => {
    const workers = await store.workers.list();
    const live = workers.filter((worker) => worker.live).length;
    return { live, gone: workers.length - live };
  });
  gauge("rightsize_event_watchers", "Open streams of events", null, async () => ({ all: watcherCount() }));
  gauge("rightsize_data_process_starts", "Data processes started; more than one means crashes", null, async () => ({
    all: deps.dataProcess.startCount(),
  }));

  app.get("/metrics", { schema: { hide: true } as object }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  app.addHook("onClose", async () => registry.clear());
  return { observeEventLag: (seconds) => eventLag.observe(seconds) };
}
