/** The numbers of the queue, each with its reason. Nothing here decides who trains what: claims in Postgres do. */
export interface QueueTuning {
  /** How long BullMQ's own lock on a job holds without renewal. */
  readonly lockMs: number;
  /** How often BullMQ looks for jobs whose lock is over. Two looks bring a dead worker's job back: at most lockMs + 2 × stalledMs. */
  readonly stalledMs: number;
  /** A worker is woken by the server; should a wake-up be lost, it looks by itself after this long. */
  readonly idlePollSeconds: number;
  /** Between two tries of a command while the server is away. BullMQ's own default is 15 s, which every restart would cost. */
  readonly retryMs: number;
  /** A publish, depth or check that takes longer fails as `unavailable`. */
  readonly answerWithinMs: number;
  /** Postgres connections for commands, for each publisher and each consumer (one more listens for each consumer). */
  readonly poolSize: number;
}

export const defaultTuning: QueueTuning = {
  lockMs: 10_000,
  stalledMs: 5_000,
  idlePollSeconds: 2,
  retryMs: 250,
  answerWithinMs: 5_000,
  poolSize: 2,
};

/** How long a goodbye to the server may take before the connections are cut. */
export const goodbyeMs = 1_000;
/** How long `consume` and the first connection wait for the server before they go on without it. */
export const connectWithinMs = 2_000;
/** How long `close` waits for handlers under way unless told otherwise. */
export const handlersWithinMs = 10_000;
