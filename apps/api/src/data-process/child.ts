/** The data process: reads tables and plans experiments one after the other, and ends when its parent is gone. */
import { writeFile } from "node:fs/promises";
import { defaultDataLimits, openColumns, planExperiment, readTable } from "@rightsize/data";
import { serveParent } from "../child-process/serve-parent.ts";
import type { DataRequest, PlanSummary, TableSummary } from "./protocol.ts";

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

serveParent(answer);
