/** The command line's parts that tests and other programs may use: the typed client and the launcher. */
export { type Client, type ClientOptions, createClient, type Page } from "./api/client.ts";
export type { StreamMessage } from "./api/events.ts";
export { RequestRefused } from "./api/problem.ts";
export { CliError } from "./errors.ts";
