/** Tests run on the TypeScript sources; heavy suites (real processes, Postgres, browser) run one file at a time. */
import { defineConfig } from "vitest/config";

const source = { resolve: { conditions: ["source"] }, ssr: { resolve: { conditions: ["source"] } } };

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: "rooms",
          include: [
            "packages/*/test/**/*.test.ts",
            "apps/*/test/**/*.test.ts",
            "test/architecture/**/*.test.ts",
            "test/in-memory/**/*.test.ts",
          ],
          testTimeout: 30_000,
        },
      },
      {
        ...source,
        test: {
          name: "service",
          include: ["test/contract/**/*.test.ts", "test/service/**/*.test.ts", "test/browser/**/*.test.ts"],
          globalSetup: ["test/support/build.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        ...source,
        // Minutes long: asked for by name, no part of `npm test`.
        test: {
          name: "slow",
          include: ["test/slow/**/*.test.ts"],
          globalSetup: ["test/support/build.ts"],
          testTimeout: 900_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
