/** A finished experiment's learning curve: an experiment of its own, made once and found again by its idempotency key. */
import path from "node:path";
import type { LearningCurve } from "@rightsize/contract";
import { type Experiment, type ExperimentId, type ExperimentSnapshot, type OwnerId, RightsizeError, type Sha256 } from "@rightsize/core";
import { contentHash, curveExperiment, curveQuestion, readCurve } from "@rightsize/orchestrator";
import type { ArtifactGate } from "./artifact-gate.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { ownSnapshot } from "./find-experiment.ts";
import { hashFile, putFile } from "./put-file.ts";
import { withTemporaryFolder } from "./temporary-files.ts";

/** One key for each experiment: two requests at once make one curve. */
function keyOf(id: ExperimentId): { readonly key: string; readonly requestHash: Sha256 } {
  return { key: `learning-curve/${id}`, requestHash: contentHash({ learningCurveOf: id }) };
}

/** Trains the curve unless there is one already. Throws `not_found`, and `conflict` for an experiment without an answer. */
export async function startLearningCurve(
  deps: ApiDependencies,
  gate: ArtifactGate,
  owner: OwnerId,
  id: ExperimentId,
): Promise<{ readonly curve: LearningCurve; readonly created: boolean }> {
  const original = await ownSnapshot(deps.store, owner, id);
  const question = curveQuestion(original);
  const known = await curveOf(deps, owner, id);
  if (known !== null) return { curve: readCurve(original, known), created: false };
  const { openExperiments } = deps.settings;
  const { experiment, created } = await withTemporaryFolder(deps.settings.uploadsFolder, async (folder) => {
    const outputPath = path.join(folder, "plan");
    const planPath = await deps.artifacts.localPath(original.experiment.plan.artifact);
    const parts = await deps.dataProcess.planCurve({ planPath, outputPath, request: question.request });
    const artifact = await hashFile(outputPath);
    const { spec, plan } = curveExperiment(original, question, parts, artifact);
    return gate.storing(async () => {
      await putFile(deps.artifacts, outputPath, artifact);
      const admission = { openExperiments: openExperiments === 0 ? null : openExperiments };
      return deps.createExperiment({ owner, spec, plan, idempotency: keyOf(id), admission });
    });
  });
  if (created) deps.onWorkChanged?.(experiment.id);
  return { curve: readCurve(original, await ownSnapshot(deps.store, owner, experiment.id)), created };
}

/** Whether anybody asked for the experiment's curve, and it is still there. */
export async function hasLearningCurve(deps: ApiDependencies, owner: OwnerId, id: ExperimentId): Promise<boolean> {
  return (await curveExperimentOf(deps, owner, id)) !== null;
}

/** The curve as far as it is. Throws `not_found` where there is no such experiment, or nobody asked for its curve. */
export async function readLearningCurve(deps: ApiDependencies, owner: OwnerId, id: ExperimentId): Promise<LearningCurve> {
  const original = await ownSnapshot(deps.store, owner, id);
  const known = await curveOf(deps, owner, id);
  if (known !== null) return readCurve(original, known);
  throw new RightsizeError("not_found", "This experiment has no learning curve.", {
    issues: [{ where: "the path", received: id, required: "an experiment whose learning curve was asked for: POST this address" }],
  });
}

async function curveOf(deps: ApiDependencies, owner: OwnerId, id: ExperimentId): Promise<ExperimentSnapshot | null> {
  const curve = await curveExperimentOf(deps, owner, id);
  return curve === null ? null : deps.store.experiments.snapshot(curve.id);
}

async function curveExperimentOf(deps: ApiDependencies, owner: OwnerId, id: ExperimentId): Promise<Experiment | null> {
  const found = await deps.store.experiments.findByIdempotencyKey(owner, keyOf(id).key);
  return found?.experiment.spec.learningCurveOf === id ? found.experiment : null;
}
