/** Where a dataset's columnar form lies, for the child processes that read it. */
import { type ArtifactStore, type Dataset, RightsizeError } from "@rightsize/core";

/** A local path; throws `artifact_missing` with what to do where the files were lost. */
export async function storedColumns(artifacts: ArtifactStore, dataset: Dataset): Promise<string> {
  return artifacts.localPath(dataset.columnsArtifact).catch((error: unknown) => {
    if (!(error instanceof RightsizeError && error.code === "artifact_missing")) throw error;
    throw new RightsizeError(
      "artifact_missing",
      `The files of dataset ${dataset.name} are gone from this service's storage: upload it again.`,
    );
  });
}
