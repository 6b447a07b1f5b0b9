/** What the queue needs of a logger; pino fits it. */
export interface QueueLogger {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export const silentLogger: QueueLogger = { debug: () => {}, warn: () => {} };
