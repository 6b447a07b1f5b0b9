/** Loads TensorFlow.js from whichever of its packages is installed, the fastest first; none of them is a dependency of ours. */
import { RightsizeError } from "@rightsize/core";
import type * as TensorFlow from "@tensorflow/tfjs-core";

export type Tf = typeof TensorFlow;
export interface LoadedTensorFlow {
  readonly tf: Tf;
  /** For example `@tensorflow/tfjs-node-gpu`. */
  readonly packageName: string;
  readonly backend: string;
}

/** Packages that carry the whole API, and their own backend. */
const packages = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node", "@tensorflow/tfjs"] as const;
/** What tests use instead of the large package: the API, the backend in plain JavaScript, and layers, whose import registers the gradients. */
const small = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-layers"] as const;

const advice =
  "Install one of them beside the engine: `npm install @tensorflow/tfjs-node-gpu@4.22.0` (linux x64 with CUDA 11.2 and cuDNN 8.1, Node below 23), `@tensorflow/tfjs-node@4.22.0` (native, CPU) or `@tensorflow/tfjs@4.22.0` (plain JavaScript).";

/** TensorFlow.js; throws `engine_unavailable` that says what was tried and what to install. `load` is import, replaced in tests. */
export async function loadTensorFlow(load: (name: string) => Promise<unknown> = (name) => import(name)): Promise<LoadedTensorFlow> {
  const tried: string[] = [];
  for (const packageName of packages) {
    const tf = await attempt(load, packageName, tried);
    if (tf !== null) return ready(tf, packageName);
  }
  const [tf, backend, gradients] = [
    await attempt(load, small[0], tried),
    await attempt(load, small[1], tried),
    await attempt(load, small[2], tried),
  ];
  if (tf !== null && backend !== null && gradients !== null) return ready(tf, small[0]);
  throw new RightsizeError("engine_unavailable", `TensorFlow.js can't be loaded. ${advice}`, {
    issues: tried.map((received) => ({ where: "engine", received, required: "an installed package that loads" })),
  });
}

async function attempt(load: (name: string) => Promise<unknown>, name: string, tried: string[]): Promise<Tf | null> {
  try {
    const module = (await load(name)) as Tf & { readonly default?: Tf };
    return module.tensor === undefined && module.default?.tensor !== undefined ? module.default : module;
  } catch (cause) {
    const text = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
    tried.push(`${name}: ${text}`);
    return null;
  }
}

async function ready(tf: Tf, packageName: string): Promise<LoadedTensorFlow> {
  await tf.ready();
  return { tf, packageName, backend: tf.getBackend() };
}
