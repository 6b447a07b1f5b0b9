/** The course's table through the real stack: HTTP, Postgres, the queue and child processes; scripted scores, nothing else is played. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, apiAt, rowsOf, smallTable } from "../support/api.ts";
import { courseScores, courseTable } from "../support/examples.ts";
import { noRedis } from "../support/redis.ts";
import { startService, type TestService } from "../support/service.ts";

const markdown = `| Hidden layers | Nodes per layer | Mean squared error | Next step |
| ---: | ---: | ---: | --- |
| 1 | 100 | 5.4 | Increase capacity |
| 1 | 250 | 4.8 | Increase capacity |
| 2 | 250 | 4.4 | Increase capacity |
| 3 | 250 | 4.5 | Decrease capacity |
| 3 | 200 | 4.3 | Done |`;

for (const queue of ["postgres", "redis"] as const) {
  const missing = queue === "redis" ? noRedis() : null;
  for (const slots of [1, 4]) {
    describe.skipIf(missing !== null)(`queue on ${queue}, ${slots} slot(s)${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
      let service: TestService;
      let api: Api;
      beforeAll(async () => {
        service = await startService({ engines: ["scripted"], slots, queue });
        api = apiAt(service.url);
      });
      afterAll(() => service?.close());

      test("the scripted scores 5.4, 4.8, 4.4, 4.5, 4.3 give exactly the course's five rows", async () => {
        const dataset = await api.upload("small.csv", smallTable());
        const { id } = await api.post({
          dataset: dataset.id,
          target: "y",
          search: { preset: "course" },
          engine: {
            name: "scripted",
            script: { runs: courseScores.map((run) => ({ ...run })), otherwise: { score: 9, epochs: 3, epochMs: 1 } },
          },
        });
        const ended = await api.ended(id);
        expect(ended.state).toBe("SUCCEEDED");
        expect(ended.answer?.capacity).toEqual({ hiddenLayers: 3, nodesPerLayer: 200 });
        expect(rowsOf(await api.trials(id))).toEqual(courseTable);
        expect((await api.text(`/v1/experiments/${id}/trials`, "text/markdown")).trim()).toBe(markdown);
        const csv = (await api.text(`/v1/experiments/${id}/trials`, "text/csv")).trim().split("\n");
        expect(csv).toHaveLength(6);
      });
    });
  }
}
