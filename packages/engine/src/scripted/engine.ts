/** The scripted engine: scores keyed by (capacity, seed), with durations and failures. For tests, and refused elsewhere. */
import { type Engine, type ExperimentSpec, type NetworkSpec, RightsizeError, sameCapacity } from "@rightsize/core";
import { lossOf, meanLoss, predictionsOf } from "../loss.ts";
import type { ScriptedPlay, ScriptedSession } from "./play.ts";
import { zeroWeights } from "./zero-network.ts";

export interface ScriptedOptions {
  /** What a run that `crashes` does; ends the process with code 13 unless told otherwise. */
  readonly crash?: () => void;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export function createScriptedEngine(options: ScriptedOptions = {}): Engine {
  const crash = options.crash ?? (() => process.exit(13));
  const sleep = options.sleep ?? realSleep;
  return {
    name: "scripted",
    fingerprint: "scripted-1",
    deterministic: true,
    device: "script",
    open: async (network, table, { seed, spec }): Promise<ScriptedSession> => {
      const outputs = (rows: Int32Array) => new Float32Array(rows.length * network.outputs);
      const play = spec === undefined ? { score: 0, epochs: 1, epochMs: 0, fails: null } : playFor(spec, network, seed);
      return {
        play,
        crash,
        sleep,
        train: async (steps) => new Float64Array(steps.length).fill(play.score),
        evaluate: async (rows) =>
          meanLoss(
            lossOf(network),
            outputs(rows),
            Float32Array.from(rows, (row) => table.y[row] as number),
            network.outputs,
          ),
        predict: async (rows) => predictionsOf(lossOf(network), outputs(rows), network.outputs),
        weights: () => zeroWeights(network),
        setWeights: () => {},
        exportState: () => new Uint8Array(0),
        importState: () => {},
        dispose: async () => {},
      };
    },
    close: async () => {},
  };
}

/** The script's run for this capacity and seed, else for this capacity, else `otherwise`. */
function playFor(spec: ExperimentSpec, network: NetworkSpec, seed: number): ScriptedPlay {
  const { script } = spec.engine;
  if (script === undefined) {
    throw new RightsizeError("invalid_request", "The scripted engine needs a script.", {
      issues: [{ where: "/engine/script", received: "nothing", required: "a script with runs and otherwise" }],
    });
  }
  const named = script.runs.filter((run) => sameCapacity(run.capacity, network.capacity));
  const run = named.find((one) => one.seed === seed) ?? named.find((one) => one.seed === null);
  const { otherwise } = script;
  return {
    score: run?.score ?? otherwise.score,
    epochs: Math.max(1, run?.epochs ?? otherwise.epochs),
    epochMs: run?.epochMs ?? otherwise.epochMs,
    fails: run?.fails ?? null,
  };
}

function realSleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
