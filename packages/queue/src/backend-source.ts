/** One set of connections to a queue server: makes a BullMQ backend on them, and can cut them at once. */
import type { BackendFactory, IQueueBackend } from "bullmq";

export type Backend = { readonly kind: "postgres"; readonly url: string } | { readonly kind: "redis"; readonly url: string };

export interface BackendSource {
  readonly factory: BackendFactory<IQueueBackend, object>;
  /** Resolves at the first connection; may wait for ever. */
  connected(): Promise<void>;
  /** Drops every connection at once, asking nobody; safe to call twice. */
  cut(): void;
}
export type OpenSource = (role: "publisher" | "consumer") => BackendSource;
