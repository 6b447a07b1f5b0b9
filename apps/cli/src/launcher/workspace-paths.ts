/** Where things lie in this checkout, seen from the launcher. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's root: four folders up, from src/launcher and from dist/launcher alike. */
export const workspaceRoot = fileURLToPath(new URL("../../../../", import.meta.url));

export const paths = {
  api: join(workspaceRoot, "apps/api/dist/main.js"),
  worker: join(workspaceRoot, "apps/worker/dist/main.js"),
  dashboard: join(workspaceRoot, "apps/dashboard/dist"),
} as const;

/** The cars table (Auto MPG, 406 rows) of the vega-datasets package. */
export function carsFile(): string {
  const index = createRequire(import.meta.url).resolve("vega-datasets");
  return join(index, "../../data/cars.json");
}
