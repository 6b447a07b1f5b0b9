/** An uploaded file becomes a dataset, or leaves nothing behind: it is read first and stored only when it is a table. */
import path from "node:path";
import type { Readable } from "node:stream";
import type { ArtifactStore, Dataset, OwnerId, Sha256 } from "@rightsize/core";
import { RightsizeError } from "@rightsize/core";
import type { ArtifactGate } from "./artifact-gate.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { hashFile, putFile } from "./put-file.ts";
import { receiveFile } from "./receive-file.ts";
import { withTemporaryFolder } from "./temporary-files.ts";

export interface Upload {
  readonly owner: OwnerId;
  readonly bytes: Readable;
  /** What the sender calls the file; anything, even a path. */
  readonly name: string | null;
  readonly contentType: string | null;
}

const endingOfType: Readonly<Record<string, string>> = {
  "text/csv": ".csv",
  "text/tab-separated-values": ".tsv",
  "application/json": ".json",
  "application/x-ndjson": ".ndjson",
  "application/vnd.apache.parquet": ".parquet",
};

/** Returns the dataset and whether it is new; the same bytes twice are the same dataset, under its first name. */
export function datasetUploader(deps: Pick<ApiDependencies, "store" | "artifacts" | "dataProcess" | "settings">, gate: ArtifactGate) {
  const storeInTurn = oneAtATime();

  return async (upload: Upload): Promise<{ readonly dataset: Dataset; readonly created: boolean }> =>
    withTemporaryFolder(deps.settings.uploadsFolder, async (folder) => {
      const filePath = path.join(folder, "upload");
      const columnsPath = path.join(folder, "columns");
      const { hash, sizeBytes } = await receiveFile(upload.bytes, filePath, deps.settings.uploadLimitBytes);
      if (sizeBytes === 0) {
        throw new RightsizeError("unreadable_data", "The file is empty.", {
          issues: [{ where: "the file", received: "0 bytes", required: "a table with a header and at least one row" }],
        });
      }
      const known = await deps.store.datasets.find(upload.owner, hash);
      if (known && (await isStored(deps.artifacts, known))) return { dataset: known, created: false };

      const name = displayName(upload.name);
      const summary = await deps.dataProcess.readTable({
        path: filePath,
        name: withEnding(name, upload.contentType),
        outputPath: columnsPath,
      });

      const storing = async () => {
        const stored: Sha256[] = [];
        try {
          // Noted only if they weren't there before: what others put there is not ours to take back.
          const keep = async (file: string, id: Sha256) => {
            if (await putFile(deps.artifacts, file, id)) stored.push(id);
            return id;
          };
          await keep(filePath, hash);
          const columnsArtifact = await keep(columnsPath, await hashFile(columnsPath));
          const before = await deps.store.datasets.find(upload.owner, hash);
          const dataset = await deps.store.datasets.put({ id: hash, owner: upload.owner, name, sizeBytes, columnsArtifact, ...summary });
          return { dataset, created: before === null };
        } catch (error) {
          for (const id of stored) await deps.artifacts.delete(id).catch(() => {});
          throw error;
        }
      };
      return storeInTurn(() => gate.storing(storing));
    });
}

/** Whether a dataset's bytes are still there: an upload also repairs a dataset whose files were lost. */
async function isStored(artifacts: ArtifactStore, dataset: Dataset): Promise<boolean> {
  return (await artifacts.has(dataset.id)) && (await artifacts.has(dataset.columnsArtifact));
}

/** Only the last part of a path, without control characters, at most 200 characters long. */
export function displayName(given: string | null): string {
  const last = (given ?? "").split(/[/\\]/).at(-1) ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  const clean = last.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "").trim();
  return clean === "" || clean === "." || clean === ".." ? "dataset" : [...clean].slice(0, 200).join("");
}

/** A name without an ending gets the one of its content type, from which the reader tells the format. */
function withEnding(name: string, contentType: string | null): string {
  const ending = endingOfType[(contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? ""];
  return path.extname(name) === "" && ending !== undefined ? `${name}${ending}` : name;
}

/** Runs one piece of work at a time, so that taking artifacts back never meets another upload that just found them there. */
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
}
