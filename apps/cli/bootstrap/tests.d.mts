/** Types of tests.mjs, for its tests. */
export interface SkippedTest {
  readonly file: string;
  readonly name: string;
  readonly note: string | null;
}
export function runTests(root: string, args: readonly string[], options: { readonly lint: boolean }): Promise<number>;
export function skippedLines(skipped: readonly SkippedTest[]): string[];
