/** Makes an engine by name; each one's library is loaded only when it is asked for. */
import type { Engine, EngineName } from "@rightsize/core";
import { createOnnxEngine } from "./onnx/engine.ts";
import type { ExecutionProvider } from "./onnx/runtime.ts";
import { createScriptedEngine, type ScriptedOptions } from "./scripted/engine.ts";
import { createTensorFlowEngine } from "./tfjs/engine.ts";

export interface EngineOptions {
  /** For `onnx`; `cpu` unless told. */
  readonly provider?: ExecutionProvider;
  /** For `onnx`; false trains small networks with the graph of large ones. true unless told. */
  readonly fusing?: boolean;
  /** For `scripted`. */
  readonly scripted?: ScriptedOptions;
}

/** The engine; throws `engine_unavailable` with what is missing and how to get it. */
export async function createEngine(name: EngineName, options: EngineOptions = {}): Promise<Engine> {
  switch (name) {
    case "onnx":
      return createOnnxEngine(options.provider, options.fusing);
    case "scripted":
      return createScriptedEngine(options.scripted);
    case "tensorflow":
      return createTensorFlowEngine();
    default:
      return name satisfies never;
  }
}
