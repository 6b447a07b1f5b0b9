/** The tensorflow engine: the second opinion, and the way to GPUs that have TensorFlow. */
import type { Engine } from "@rightsize/core";
import { machineText } from "../machine.ts";
import { loadTensorFlow } from "./load.ts";
import { openTensorFlowSession } from "./session.ts";

/** Part of the fingerprint: raise it whenever the computation changes in a way that may change bits. */
const computationVersion = 1;

/** Opens the engine; throws `engine_unavailable` where TensorFlow.js is not installed. */
export async function createTensorFlowEngine(): Promise<Engine> {
  const { tf, packageName, backend } = await loadTensorFlow();
  return {
    name: "tensorflow",
    fingerprint: `tensorflow computation-${computationVersion} ${packageName}-${tf.version_core} ${backend} ${machineText()}`,
    // plain JavaScript sums in one order; the native backends share work between threads or run on a GPU
    deterministic: backend === "cpu",
    device: backend,
    open: async (network, table, { seed }) => openTensorFlowSession(tf, network, table, seed),
    close: async () => {},
  };
}
