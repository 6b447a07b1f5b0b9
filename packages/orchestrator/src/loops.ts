/** The background loops: relaying the outbox to the queue, reconciling what has neither a live lease nor a dispatch, keeping limits on time, and deleting bytes that nobody needs. */
import { type ArtifactStore, asRightsizeError, type IdSource, type Queue, type RightsizeError, type Store } from "@rightsize/core";
import { advanceExperiment, endAtTimeLimit } from "./advance.ts";

export interface LoopDependencies {
  readonly store: Store;
  readonly queue: Queue;
  readonly ids: IdSource;
  /** Called when a round failed; the loop goes on. */
  readonly onError: (loop: string, error: RightsizeError) => void;
}
export interface Loop {
  /** Ends the loop after the round under way. */
  stop(): Promise<void>;
}

/** Rows relayed a round. */
const relayBatch = 200;

/** Relays what waits in the outbox; returns how many dispatches were published. */
export async function relayOutbox({ store, queue }: Pick<LoopDependencies, "store" | "queue">): Promise<number> {
  let total = 0;
  for (;;) {
    const relayed = await store.outbox.relay(relayBatch, (items) => queue.publish(items));
    total += relayed;
    if (relayed < relayBatch) return total;
  }
}

/** Relays at once when the store signals, and every `everyMs` in case a signal was lost. */
export async function startDispatcher(deps: LoopDependencies, options: { readonly everyMs?: number } = {}): Promise<Loop> {
  const loop = repeat("dispatcher", deps, options.everyMs ?? 1000, async () => {
    await relayOutbox(deps);
  });
  const unsubscribe = await deps.store.subscribe((signal) => {
    if (signal.kind === "outbox") loop.soon();
  });
  return {
    stop: async () => {
      await unsubscribe();
      await loop.stop();
    },
  };
}

export interface ReconcilerOptions {
  /** How often, in milliseconds. */
  readonly everyMs?: number;
  /** Crashed or lost attempts of one assignment before it is given up. */
  readonly crashLimit?: number;
  /** A queued assignment whose last dispatch is older is dispatched again, in milliseconds. */
  readonly redispatchMs?: number;
}
export const reconcilerDefaults = { everyMs: 5000, crashLimit: 5, redispatchMs: 10_000 } as const satisfies ReconcilerOptions;

/** One round: ends lost leases, requeues or gives up, re-dispatches, and advances every experiment that waits for it. */
export async function reconcile(deps: Pick<LoopDependencies, "store" | "queue" | "ids">, options: ReconcilerOptions = {}): Promise<void> {
  const { crashLimit, redispatchMs } = { ...reconcilerDefaults, ...options };
  const touched = await deps.store.work.reconcile({ crashLimit, redispatchMs });
  const idle = await deps.store.experiments.idle(1000);
  for (const id of new Set([...touched, ...idle])) await advanceExperiment(deps.store, deps.ids, id);
  await relayOutbox(deps);
}

export function startReconciler(deps: LoopDependencies, options: ReconcilerOptions = {}): Loop {
  return repeat("reconciler", deps, options.everyMs ?? reconcilerDefaults.everyMs, () => reconcile(deps, options));
}

/** One round: ends every experiment that has passed its limit on time while it waits for runs. Its workers hear of it with their next heartbeat. */
export async function endAtTimeLimits(deps: Pick<LoopDependencies, "store" | "queue" | "ids">): Promise<void> {
  let ended = false;
  for (const id of await deps.store.experiments.pastTimeLimit(1000)) ended = (await endAtTimeLimit(deps.store, deps.ids, id)) || ended;
  if (ended) await relayOutbox(deps);
}

/** Looks often: a limit is passed by at most this and what a worker needs to hear of it. */
export function startTimeKeeper(deps: LoopDependencies, options: { readonly everyMs?: number } = {}): Loop {
  return repeat("time keeper", deps, options.everyMs ?? 1000, () => endAtTimeLimits(deps));
}

/** Checkpoints whose bytes are deleted in one go. */
const sweepBatch = 200;

/** One round: deletes the bytes of checkpoints that no run needs any more; returns how many. */
export async function sweepCheckpoints({ store, artifacts }: Pick<SweeperDependencies, "store" | "artifacts">): Promise<number> {
  return store.work.sweepCheckpoints(sweepBatch, async (unneeded) => {
    for (const id of unneeded) await artifacts.delete(id);
  });
}

/** One round: deletes the bytes that deleted experiments left and nobody needs any more. `alone` keeps out whoever stores bytes that no row refers to yet. */
export async function sweepLeft({ store, artifacts, alone }: SweeperDependencies): Promise<void> {
  // A batch that isn't full was the last, or shared with another process that sweeps.
  for (let taken = sweepBatch; taken === sweepBatch && (await store.experiments.anyLeft()); ) {
    taken = await alone(() =>
      store.experiments.sweepLeft(sweepBatch, async (unneeded) => {
        for (const id of unneeded) await artifacts.delete(id);
      }),
    );
  }
}

export interface SweeperDependencies {
  readonly store: Store;
  readonly artifacts: Pick<ArtifactStore, "delete">;
  readonly alone: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** Nobody waits for it, and it looks at every run's row: rarely is often enough. */
export function startSweeper(
  deps: SweeperDependencies & Pick<LoopDependencies, "onError">,
  options: { readonly everyMs?: number } = {},
): Loop {
  return repeat("sweeper", deps, options.everyMs ?? 60_000, async () => {
    while ((await sweepCheckpoints(deps)) === sweepBatch);
    await sweepLeft(deps);
  });
}

/** Runs `round` now, every `everyMs`, and soon after `soon()`; never two rounds at once; backs off while rounds fail. */
function repeat(
  name: string,
  deps: Pick<LoopDependencies, "onError">,
  everyMs: number,
  round: () => Promise<void>,
): Loop & { soon(): void } {
  let stopped = false;
  let wake = () => {};
  let woken = true;
  let failures = 0;
  const running = (async () => {
    while (!stopped) {
      woken = false;
      try {
        await round();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!stopped) deps.onError(name, asRightsizeError(error));
      }
      if (stopped || (woken && failures === 0)) continue;
      const waitMs = Math.min(everyMs * 2 ** Math.min(failures, 3), 30_000);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();
  const soon = () => {
    woken = true;
    if (failures === 0) wake();
  };
  return {
    soon,
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
}
