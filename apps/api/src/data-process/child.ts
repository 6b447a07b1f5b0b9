/** The data process: reads tables, plans and estimates experiments one after the other, and ends when its parent is gone. */
import { readFile, writeFile } from "node:fs/promises";
import { defaultDataLimits, openColumns, planCurve, planExperiment, previewFile, readIdxPair, readTable } from "@rightsize/data";
import { estimateExperiment } from "@rightsize/orchestrator";
import { serveParent } from "../child-process/serve-parent.ts";
import type { DataRequest, DataResult } from "./protocol.ts";

async function answer(request: DataRequest): Promise<DataResult> {
  const limits = { ...defaultDataLimits, ...request.limits };
  switch (request.kind) {
    case "read_table": {
      const { path, name, outputPath, dialect } = request;
      return readTable(path, { name, outputPath, dialect, limits });
    }
    case "read_idx_pair": {
      const { imagesPath, labelsPath, name, outputPath } = request;
      return readIdxPair(imagesPath, labelsPath, { name, outputPath, limits });
    }
    case "plan_experiment": {
      const { columnsPath, outputPath, kind: _kind, limits: _limits, ...question } = request;
      const { plan, bytes } = planExperiment(await openColumns(columnsPath), question, limits);
      await writeFile(outputPath, bytes);
      return plan;
    }
    case "preview_rows":
      return previewFile(request.columnsPath, request.first, request.count);
    case "estimate_experiment":
      return estimateExperiment(request.question);
    case "plan_curve": {
      const { curve, bytes } = planCurve(await readFile(request.planPath), request.request);
      await writeFile(request.outputPath, bytes);
      return curve;
    }
    default:
      return request satisfies never;
  }
}

serveParent(answer);
