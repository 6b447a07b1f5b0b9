/** Bytes by SHA-256: in a folder, or over HTTP through the API with a local cache. */
export { createFolderArtifacts } from "./folder-artifacts.ts";
export { createHttpArtifacts, type HttpArtifactsOptions } from "./http-artifacts.ts";
export type { HttpClientOptions, RetryTuning } from "./http-client.ts";
