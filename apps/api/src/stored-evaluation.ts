/** The evaluation that was stored with an experiment's answer. */
import { type ArtifactStore, type Experiment, RightsizeError, type Sha256 } from "@rightsize/core";

/** Its artifact; throws `conflict` while there is no model to evaluate, `not_found` where the answer is older than evaluations. */
export function evaluationOf({ answer, state, endedAt }: Experiment): Sha256 {
  const kept = answer?.evaluationArtifact ?? null;
  if (kept !== null) return kept;
  if (answer === null || answer.modelArtifact === null) {
    throw new RightsizeError("conflict", `The experiment is ${state} and has no model to evaluate${endedAt === null ? " yet" : ""}.`, {
      issues: [{ where: "the experiment's state", received: state, required: "SUCCEEDED, with a model that could be trained" }],
    });
  }
  throw new RightsizeError("not_found", "The experiment was answered before evaluations were kept: run it again to get one.", {
    issues: [{ where: "the experiment's answer", received: "an answer without an evaluation", required: "an answer with one" }],
  });
}

/** Its bytes, checked against their hash: JSON of `evaluationSchema`. */
export async function evaluationBytes(artifacts: ArtifactStore, id: Sha256): Promise<Uint8Array> {
  return artifacts.read(id).catch((error: unknown) => {
    if (!(error instanceof RightsizeError && error.code === "artifact_missing")) throw error;
    throw new RightsizeError("artifact_missing", "The evaluation's bytes are gone from this service's storage: run the experiment again.");
  });
}
