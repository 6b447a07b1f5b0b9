/** A vitest reporter that writes counts and skipped tests to the file named in RIGHTSIZE_TEST_SUMMARY, for the last lines of `npm test`. */
import { writeFileSync } from "node:fs";

export default class TestSummary {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()].map((test) => ({ module, test })));
    const count = (state) => tests.filter(({ test }) => test.result().state === state).length;
    // A file that can't be loaded and an error outside every test are failures too.
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
    const summary = {
      passed: count("passed"),
      failed: count("failed") + brokenFiles + unhandledErrors.length,
      skipped: tests
        .filter(({ test }) => test.result().state === "skipped")
        .map(({ module, test }) => ({ file: module.relativeModuleId, name: test.fullName, note: test.result().note ?? null })),
    };
    writeFileSync(process.env.RIGHTSIZE_TEST_SUMMARY, JSON.stringify(summary));
  }
}
