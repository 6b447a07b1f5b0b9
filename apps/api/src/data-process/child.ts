/** The data process: reads tables and plans experiments one after the other, and ends when its parent is gone. */
import { writeFile } from "node:fs/promises";
import { asRightsizeError } from "@rightsize/core";
import { defaultDataLimits, openColumns, planExperiment, readTable } from "@rightsize/data";
import type { ChildMessage, DataRequest, PlanSummary, RequestMessage, TableSummary } from "./protocol.ts";

async function answer(request: DataRequest): Promise<TableSummary | PlanSummary> {
  switch (request.kind) {
    case "read_table":
      return readTable(request.path, { name: request.name, outputPath: request.outputPath, limits: defaultDataLimits });
    case "plan_experiment": {
      const { columnsPath, outputPath, kind: _kind, ...question } = request;
      const { plan, bytes } = planExperiment(await openColumns(columnsPath), question);
      await writeFile(outputPath, bytes);
      return plan;
    }
    default:
      return request satisfies never;
  }
}

const send = (message: ChildMessage) => process.send?.(message);

process.on("message", async ({ id, request }: RequestMessage) => {
  try {
    send({ kind: "done", id, result: await answer(request) });
  } catch (error) {
    send({ kind: "failed", id, error: asRightsizeError(error).toPlain() });
  }
});
process.on("disconnect", () => process.exit(0));
// The parent decides when this process ends: a Ctrl-C reaches the whole group, and work under way may finish first.
process.on("SIGINT", () => {});

send({ kind: "ready" });
