/** Loads the engines a worker serves, once; what is missing says so clearly. */
import { type Engine, type EngineName, RightsizeError } from "@rightsize/core";
import { createEngine, type ExecutionProvider } from "@rightsize/engine";

/** Engines by name. Throws `engine_unavailable` where one of them can't be loaded here. */
export async function loadEngines(names: readonly EngineName[], provider: ExecutionProvider): Promise<ReadonlyMap<string, Engine>> {
  if (names.length === 0)
    throw new RightsizeError("engine_unavailable", "a worker needs at least one engine", {
      issues: [{ where: "RIGHTSIZE_ENGINES", received: "an empty list", required: "onnx, tensorflow or scripted" }],
    });
  const engines = new Map<string, Engine>();
  for (const name of names) engines.set(name, await createEngine(name, { provider }));
  return engines;
}
