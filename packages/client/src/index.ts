/** Client: the whole API, typed, with every answer checked against the contract. Runs wherever there is `fetch`. */
export { type ClientOptions, createClient } from "./client.ts";
export type {
  Client,
  CreateOptions,
  EventOptions,
  ExperimentListOptions,
  ModelBytes,
  Page,
  PageOptions,
  RowsBody,
  ServiceEventOptions,
  UploadedFile,
  UploadedImages,
} from "./client-interface.ts";
export { AnswerNotUnderstood, ClientError, RequestRefused, ServiceUnreachable } from "./errors.ts";
export type { ServiceMessage, StreamMessage } from "./events.ts";
