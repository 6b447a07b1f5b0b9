/** Builds the workspace (`tsc -b`, 1–2 s when little changed), so that service tests and benches run the processes that users run. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Throws with the compiler's messages when the sources don't compile. Also vitest's global set-up of the service project. */
export default function build(): void {
  try {
    execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-b", "apps/api", "apps/worker", "apps/cli"], {
      cwd: root,
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch (error) {
    throw new Error(`the workspace does not compile:\n${(error as { stdout?: string }).stdout ?? String(error)}`);
  }
}
