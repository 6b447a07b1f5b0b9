/** Makes the folder ready and hands over: to the built command line, or to the tests. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildDashboard, buildServer, staleParts } from "./build.mjs";
import { BootstrapFailure, writeFailure } from "./failure.mjs";
import { install, isInstalled } from "./install.mjs";
import { takeLock } from "./lock.mjs";
import { createProgress } from "./progress.mjs";
import { stopAll } from "./run.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

const usage = `Usage: node apps/cli/bootstrap.mjs <command> [arguments]
  demo        set everything up, find the right size for a network on a real table, show how    (npm run demo)
  start       set everything up and stay: API, dashboard, workers                               (npm start)
  rightsize   the command line: rightsize --help                                                (npm run rightsize -- …)
  test        set everything up and run the tests; arguments go to vitest                       (npm test)
  ci          lint, then test
  build       only install and build`;

/** The command line of `rightsize` that each command stands for. */
const handOver = { demo: (rest) => ["demo", ...rest], start: (rest) => ["up", ...rest], rightsize: (rest) => rest };

/** Carries out one command; sets the exit code, never rejects. */
export async function bootstrap([command, ...rest]) {
  try {
    if (command === "build") return await prepare();
    if (command === "test" || command === "ci") return await test(rest, { lint: command === "ci" });
    if (!Object.hasOwn(handOver, command ?? "")) {
      console.error(command === undefined ? usage : `Unknown command: ${command}\n${usage}`);
      process.exitCode = 2;
      return;
    }
    await prepare();
    const main = join(root, "apps/cli/dist/main.js");
    process.argv = [process.execPath, main, ...handOver[command](rest)];
    await import(pathToFileURL(main).href);
  } catch (error) {
    console.error(error instanceof BootstrapFailure ? error.message : error);
    process.exitCode = 1;
  }
}

/** Whatever happens, the last line counts what passed and what failed. */
async function test(args, { lint }) {
  try {
    await prepare();
    const { runTests } = await import("./tests.mjs");
    process.exitCode = await runTests(root, args, { lint });
  } catch (error) {
    console.error(error instanceof BootstrapFailure ? error.message : error);
    console.log("0 passed, 1 failed");
    process.exitCode = 1;
  }
}

/** Installs and builds what is missing or out of date. When nothing is, it writes nothing: a finished folder may be read-only. */
async function prepare() {
  if (isReady()) return;
  const progress = createProgress();
  const restore = stopOnSignals();
  let release = () => {};
  try {
    release = await takeLock(join(root, ".rightsize", "bootstrap.lock"), (pid) =>
      progress.say(`Another Rightsize (process ${pid}) is preparing this folder; waiting for it …`),
    );
    if (!isInstalled(root)) {
      await progress.step("installing packages", "a minute the first time", () => install(root));
    }
    const stale = staleParts(root);
    // Both are waited for, so that nothing runs on behind a failure of the other.
    const builds = await Promise.allSettled([
      stale.server ? progress.step("compiling", "", () => buildServer(root)) : null,
      stale.dashboard ? progress.step("building the dashboard", "", () => buildDashboard(root)) : null,
    ]);
    const failed = builds.find((build) => build.status === "rejected");
    if (failed) throw failed.reason;
  } catch (error) {
    throw writeFailure(error, root);
  } finally {
    release();
    restore();
  }
}

function isReady() {
  if (!existsSync(join(root, "node_modules")) || !isInstalled(root)) return false;
  const stale = staleParts(root);
  return !stale.server && !stale.dashboard;
}

/** While steps run, a signal ends their programs first, and then us with the usual code; returns what undoes it. */
function stopOnSignals() {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  const handlers = Object.entries(codes).map(([signal, code]) => {
    const handler = () => {
      stopAll();
      process.exit(code);
    };
    process.once(signal, handler);
    return [signal, handler];
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
