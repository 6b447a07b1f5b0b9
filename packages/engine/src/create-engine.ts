/** Makes an engine by name; each one's library is loaded only when it is asked for. */
import { type Engine, type EngineName, RightsizeError } from "@rightsize/core";
import { createOnnxEngine } from "./onnx/engine.ts";
import type { ExecutionProvider } from "./onnx/runtime.ts";
import { createScriptedEngine, type ScriptedOptions } from "./scripted/engine.ts";

export interface EngineOptions {
  /** For `onnx`; `cpu` unless told. */
  readonly provider?: ExecutionProvider;
  /** For `scripted`. */
  readonly scripted?: ScriptedOptions;
}

/** The engine; throws `engine_unavailable` with what is missing and how to get it. */
export async function createEngine(name: EngineName, options: EngineOptions = {}): Promise<Engine> {
  switch (name) {
    case "onnx":
      return createOnnxEngine(options.provider);
    case "scripted":
      return createScriptedEngine(options.scripted);
    case "tensorflow":
      throw new RightsizeError("engine_unavailable", "The tensorflow engine isn't built yet.");
    default:
      return name satisfies never;
  }
}
