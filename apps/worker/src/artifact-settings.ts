/** Opens the artifact store that the settings name. */
import { createFolderArtifacts, createHttpArtifacts } from "@rightsize/artifacts";
import type { ArtifactStore } from "@rightsize/core";
import type { ArtifactSettings } from "./trainer-protocol.ts";

export function openArtifacts(settings: ArtifactSettings): ArtifactStore {
  switch (settings.kind) {
    case "folder":
      return createFolderArtifacts({ folder: settings.folder });
    case "http":
      return createHttpArtifacts({
        baseUrl: settings.baseUrl,
        cacheFolder: settings.cacheFolder,
        ...(settings.key === null ? {} : { key: settings.key }),
      });
    default:
      return settings satisfies never;
  }
}
