/** Runs the tests: the rooms first, then the suites with real processes; ends with `N passed, N failed`. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compiler } from "./build.mjs";

/** Returns the exit code: 0 only when something passed and nothing failed. */
export async function runTests(root, args, { lint }) {
  const tools = createRequire(join(root, "package.json"));
  const vitest = join(dirname(tools.resolve("vitest/package.json")), "vitest.mjs");
  const summaryFolder = mkdtempSync(join(tmpdir(), "rightsize-tests-"));
  const total = { passed: 0, failed: 0, skipped: [] };
  try {
    // The dashboard's and the tests' own types: they run without, but not rightly. Only for a whole run: a part should start at once.
    if (args.length === 0) total.failed += (await show([compiler(root), "-b"], root)) === 0 ? 0 : 1;
    if (lint) total.failed += (await show([tools.resolve("@biomejs/biome/bin/biome"), "ci", "."], root)) === 0 ? 0 : 1;
    // With arguments: one run of what was asked for. Without: quick rooms before slow services.
    const runs =
      args.length > 0
        ? [args]
        : [
            ["--project", "rooms"],
            ["--project", "service"],
          ];
    for (const [index, chosen] of runs.entries()) {
      const file = join(summaryFolder, `${index}.json`);
      const reporters = ["--reporter=default", `--reporter=${join(root, "apps/cli/bootstrap/test-summary.mjs")}`];
      const code = await show([vitest, "run", "--passWithNoTests", ...reporters, ...chosen], root, { RIGHTSIZE_TEST_SUMMARY: file });
      add(total, file, code);
    }
  } finally {
    rmSync(summaryFolder, { recursive: true, force: true });
  }
  for (const line of skippedLines(total.skipped)) console.log(line);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** Adds one run's counts. A run without a summary, or one that failed for another reason than a test, is a failure. */
function add(total, file, code) {
  let summary;
  try {
    summary = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    total.failed += code === 0 ? 0 : 1;
    return;
  }
  total.passed += summary.passed;
  total.failed += summary.failed + (code !== 0 && summary.failed === 0 ? 1 : 0);
  total.skipped.push(...summary.skipped);
}

/** Skipped tests by file and reason, one line each. */
export function skippedLines(skipped) {
  const groups = new Map();
  for (const { file, name, note } of skipped) {
    const key = `${file}: ${note ?? name.split(" > ")[0]}`;
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups].map(([key, count]) => `skipped ${count} in ${key}`);
}

function show(args, cwd, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
    // The terminal's Ctrl-C reaches vitest as well, which then ends by itself; a TERM for us is passed on.
    const pass = (signal) => child.kill(signal);
    const wait = () => {};
    process.on("SIGINT", wait).on("SIGTERM", pass).on("SIGHUP", pass);
    child.once("close", (code) => {
      process.off("SIGINT", wait).off("SIGTERM", pass).off("SIGHUP", pass);
      resolve(code ?? 1);
    });
  });
}
