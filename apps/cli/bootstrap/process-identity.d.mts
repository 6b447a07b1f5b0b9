/** Types of process-identity.mjs, which is plain JavaScript because it also runs before anything is installed. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as text that no other process of this number has. */
  readonly start: string;
}
export function processStart(pid: number): string | null;
export function isRunning(identity: ProcessIdentity | null | undefined): boolean;
export function identify(pid: number): ProcessIdentity | null;
