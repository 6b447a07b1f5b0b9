/** Writes one attempt's epochs, checkpoints and results to the store, in order, keeping them while the store can't be reached. */
import {
  type AttemptRef,
  asRightsizeError,
  type EpochRecord,
  type RightsizeError,
  type RunId,
  type Sha256,
  type Store,
} from "@rightsize/core";

type RunEnd = Parameters<Store["work"]["completeRun"]>[2];

export interface AttemptWriter {
  /** Keeps epochs and writes them in batches. */
  epochs(epochs: readonly EpochRecord[]): void;
  /** Written after all epochs before it. */
  checkpoint(checkpoint: { readonly runId: RunId; readonly artifact: Sha256; readonly epoch: number }): void;
  /** Resolves when the result is committed (all epochs before it), or when the attempt turns out to be stale. */
  result(runId: RunId, end: RunEnd): Promise<void>;
  /** Writes what is still kept. */
  flush(): Promise<void>;
}

export interface AttemptWriterOptions {
  /** Epochs are held this long to be written together, in milliseconds. */
  readonly batchMs: number;
  /** Wait before the next try while the store can't be reached, in milliseconds. */
  readonly retryMs: number;
  /** The store refused the attempt: stop the run, nothing of it counts. */
  readonly onStale: () => void;
  readonly onRetry: (error: RightsizeError) => void;
}

/** Only a refusal (`stale_attempt`) ends the writing; an unreachable store is waited for, however long (rule 1 of the design). */
export function createAttemptWriter(store: Pick<Store, "work">, ref: AttemptRef, options: AttemptWriterOptions): AttemptWriter {
  let kept: EpochRecord[] = [];
  let stale = false;
  let tail: Promise<void> = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | null = null;

  /** One write after the other, so that epochs stand before the result that they led to. */
  const enqueue = (write: () => Promise<void>): Promise<void> => {
    tail = tail.then(() => persist(write));
    return tail;
  };
  const persist = async (write: () => Promise<void>): Promise<void> => {
    while (!stale) {
      try {
        return await write();
      } catch (thrown) {
        const error = asRightsizeError(thrown);
        if (error.code === "stale_attempt") {
          stale = true;
          options.onStale();
          return;
        }
        options.onRetry(error);
        await new Promise((resolve) => setTimeout(resolve, options.retryMs));
      }
    }
  };
  const flushEpochs = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (kept.length === 0) return tail;
    const batch = kept;
    kept = [];
    return enqueue(() => store.work.appendEpochs(ref, batch));
  };
  return {
    epochs(epochs) {
      kept.push(...epochs);
      timer ??= setTimeout(() => void flushEpochs(), options.batchMs);
    },
    checkpoint(checkpoint) {
      // The epochs before it first: a run that goes on from here will not tell them again.
      void flushEpochs();
      void enqueue(() => store.work.recordCheckpoint(ref, checkpoint));
    },
    result(runId, end) {
      void flushEpochs();
      return enqueue(() => store.work.completeRun(ref, runId, end));
    },
    flush: flushEpochs,
  };
}
