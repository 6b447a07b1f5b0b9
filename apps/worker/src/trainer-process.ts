/** The trainer child's main file: loads the engines once, then trains whatever its supervisor sends. Ends when the supervisor is gone. */
import { asRightsizeError, type EngineName, type RunId, type TrainingWork } from "@rightsize/core";
import { openArtifacts } from "./artifact-settings.ts";
import { loadEngines } from "./engines.ts";
import { artifactPatience, patientArtifacts } from "./patient-artifacts.ts";
import { createAssignmentTrainer } from "./train-assignment.ts";
import type { FromTrainer, ToTrainer, TrainerSettings } from "./trainer-protocol.ts";

const settings = JSON.parse(process.argv[2] ?? "{}") as TrainerSettings;
const send = (message: FromTrainer) => {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
};

// A supervisor that was killed leaves no trainer behind: between chunks of steps the event loop sees the broken pipe.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the supervisor decides what happens to the run.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

let stop = new AbortController();
/** Results that the supervisor has not committed yet: runs that are trained side by side may end together. */
const uncommitted = new Map<RunId, () => void>();

try {
  const engines = await loadEngines(settings.engines as readonly EngineName[], settings.provider);
  const trainer = createAssignmentTrainer({
    engines,
    artifacts: patientArtifacts(openArtifacts(settings.artifacts), { ...artifactPatience, now: () => performance.now() }),
    checkpointEveryMs: settings.checkpointEveryMs,
    keptTensorBytes: settings.keptTensorBytes,
    now: () => performance.now(),
  });
  const trainWork = async (work: TrainingWork) => {
    stop = new AbortController();
    uncommitted.clear();
    try {
      const end = await trainer.train(
        work,
        {
          onEpochs: (epochs) => send({ kind: "epochs", epochs }),
          onCheckpoint: (checkpoint) => send({ kind: "checkpoint", checkpoint }),
          onRunEnd: (runId, outcome) =>
            new Promise((resolve) => {
              uncommitted.set(runId, resolve);
              send({ kind: "runEnd", runId, outcome });
            }),
        },
        stop.signal,
      );
      send({ kind: "end", end });
    } catch (error) {
      send({ kind: "error", error: asRightsizeError(error).toPlain() });
    }
  };
  process.on("message", (raw: unknown) => {
    const message = raw as ToTrainer;
    switch (message.kind) {
      case "train":
        void trainWork(message.work);
        return;
      case "stop":
        stop.abort();
        for (const resolve of uncommitted.values()) resolve();
        uncommitted.clear();
        return;
      case "committed":
        uncommitted.get(message.runId)?.();
        uncommitted.delete(message.runId);
        return;
      default:
        message satisfies never;
    }
  });
  send({ kind: "ready", fingerprints: trainer.fingerprints, device: trainer.device });
} catch (error) {
  send({ kind: "error", error: asRightsizeError(error).toPlain() });
  process.exitCode = 1;
  process.disconnect?.();
}
