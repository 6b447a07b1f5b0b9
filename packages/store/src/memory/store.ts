/** The in-memory twin of the Postgres store: the same semantics, leases on an injected clock, nothing kept. For tests. */
import { type OutboxStore, type RunResult, type Store, type WorkerPace, type WorkerStore, workerPaceMinutes } from "@rightsize/core";
import { pageOf, readCursor } from "../cursor.ts";
import { plain } from "../rules.ts";
import { memoryExperiments } from "./experiments.ts";
import { memoryKeys } from "./keys.ts";
import { removeDataset } from "./remove.ts";
import { newestFirst, newState, type State } from "./state.ts";
import { memoryWork } from "./work.ts";

const liveForMs = 30_000;

/** `now` is the database's clock, in milliseconds since 1970. */
export function createMemoryStore(options: { readonly now?: () => number } = {}): Store {
  const state = newState(options.now ?? Date.now);
  return {
    datasets: {
      async put(dataset) {
        const key = `${dataset.owner} ${dataset.id}`;
        return state.change((change) => state.datasets.get(key) ?? state.datasets.set(key, { ...plain(dataset), createdAt: change.time }));
      },
      async find(owner, id) {
        return state.datasets.get(`${owner} ${id}`) ?? null;
      },
      async remove(owner, id) {
        return removeDataset(state, owner, id);
      },
      async list(owner, page) {
        const after = page.cursor === null ? null : readCursor(page.cursor);
        const items = state.datasets.values().filter((item) => item.owner === owner && (after === null || newestFirst(item, after) > 0));
        return pageOf(items.sort(newestFirst), page.limit);
      },
    },
    experiments: memoryExperiments(state),
    keys: memoryKeys(state),
    work: memoryWork(state),
    outbox: memoryOutbox(state),
    workers: memoryWorkers(state),
    async subscribe(listener) {
      const own: typeof listener = (signal) => listener(signal);
      state.listeners.add(own);
      return async () => {
        state.listeners.delete(own);
      };
    },
    async clock() {
      return state.now();
    },
    async check() {},
    async close() {
      state.listeners.clear();
    },
  };
}

function memoryOutbox(state: State): OutboxStore {
  /** Rows that a relay under way has taken: others pass them by, as with SKIP LOCKED. */
  const taken = new Set<string>();
  return {
    async relay(limit, publish) {
      const rows = state.outbox
        .values()
        .map((row, place) => ({ row, place, key: `${row.assignmentId} ${row.dispatch}` }))
        .filter(({ key }) => !taken.has(key))
        .sort((a, b) => a.row.priority - b.row.priority || a.place - b.place)
        .slice(0, limit);
      if (rows.length === 0) return 0;
      for (const { key } of rows) taken.add(key);
      try {
        await publish(rows.map(({ row }) => ({ ...row, assignmentId: row.assignmentId as never })));
        state.change(() => {
          for (const { key } of rows) state.outbox.delete(key);
        });
        return rows.length;
      } finally {
        for (const { key } of rows) taken.delete(key);
      }
    },
  };
}

function memoryWorkers(state: State): WorkerStore {
  return {
    async announce(worker) {
      state.change((change) => {
        const startedAt = state.workers.get(worker.id)?.startedAt ?? change.time;
        state.workers.set(worker.id, { ...plain(worker), startedAt, lastSeenAt: change.time });
      });
    },
    async seen(id) {
      return state.change((change) => {
        const worker = state.workers.get(id);
        if (worker) state.workers.set(id, { ...worker, lastSeenAt: change.time });
        return worker !== undefined;
      });
    },
    async leave(id) {
      state.change(() => state.workers.delete(id));
    },
    async list() {
      return state.workers.values().map((worker) => {
        const held = state.assignments
          .values()
          .filter((assignment) => assignment.workerId === worker.id && assignment.state === "RUNNING")
          .sort((one, other) => (one.id < other.id ? -1 : 1));
        return {
          ...worker,
          live: Date.parse(worker.lastSeenAt) > state.now() - liveForMs,
          running: held.map((assignment) => assignment.id as never),
          doing: held.flatMap(({ experimentId, trialId }) => {
            const [experiment, trial] = [state.experiments.get(experimentId), state.trials.get(trialId)];
            return experiment && trial ? [{ experimentId, name: experiment.spec.name, capacity: trial.capacity }] : [];
          }),
          recent: paceOf(state, worker.id),
        };
      });
    },
  };
}

function paceOf(state: State, workerId: string): WorkerPace {
  const since = state.now() - workerPaceMinutes * 60_000;
  const ended = state.runs.values().filter(({ run, endedBy }) => {
    if (run.endedAt === null || Date.parse(run.endedAt) <= since || run.purpose === "finalise" || run.reusedFrom !== null) return false;
    const attempt = state.attempts.get(`${run.assignmentId} ${endedBy}`);
    return (run.state === "COMPLETED" || run.state === "DIVERGED") && attempt?.workerId === workerId;
  });
  const sum = (of: (result: RunResult) => number) =>
    ended.reduce((total, { run }) => total + (run.result === null ? 0 : of(run.result)), 0);
  return {
    runs: ended.length,
    epochs: ended.reduce((total, { run }) => total + run.epochs, 0),
    cost: sum(({ cost }) => cost),
    trainMs: sum(({ trainMs }) => trainMs),
  };
}
