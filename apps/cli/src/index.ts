/** The command line's parts that other programs may use. */
export { CliError } from "./errors.ts";
