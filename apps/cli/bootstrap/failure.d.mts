/** Types of failure.mjs, for its tests. */
export class BootstrapFailure extends Error {}
export function hintFor(text: string): string;
export function stepFailure(step: string, output: string, exit: string): BootstrapFailure;
export function writeFailure(error: unknown, root: string): unknown;
