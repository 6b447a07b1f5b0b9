/** An uploaded file becomes a dataset, or leaves nothing behind: it is read first and stored only when it is a table. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { type ArtifactStore, canonicalText, type Dataset, type OwnerId, type Sha256 } from "@rightsize/core";
import type { ArtifactGate } from "./artifact-gate.ts";
import type { TableSummary } from "./data-process/protocol.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { hashFile, putFile } from "./put-file.ts";
import type { Receive, ReceivedUpload } from "./receive-upload.ts";
import { withTemporaryFolder } from "./temporary-files.ts";

const endingOfType: Readonly<Record<string, string>> = {
  "text/csv": ".csv",
  "text/tab-separated-values": ".tsv",
  "application/json": ".json",
  "application/x-ndjson": ".ndjson",
  "application/vnd.apache.parquet": ".parquet",
};

/**
 * Returns the dataset and whether it is new; the same bytes twice are the same dataset, under its first name. What names a dataset is the
 * SHA-256 of the file's bytes; of images followed by labels; or, where a dialect is declared, of the bytes followed by the declaration in
 * canonical JSON, since the same bytes read otherwise are another table.
 */
export function datasetUploader(deps: Pick<ApiDependencies, "store" | "artifacts" | "dataProcess" | "settings">, gate: ArtifactGate) {
  const storeInTurn = oneAtATime();

  return async (owner: OwnerId, receive: Receive): Promise<{ readonly dataset: Dataset; readonly created: boolean }> =>
    withTemporaryFolder(deps.settings.uploadsFolder, async (folder) => {
      const columnsPath = path.join(folder, "columns");
      const upload = await receive(folder);
      const { hash, sizeBytes, contentPaths } = await contentOf(upload, folder);
      const known = await deps.store.datasets.find(owner, hash);
      if (known && (await isStored(deps.artifacts, known))) return { dataset: known, created: false };

      const name = displayName(upload.name);
      const summary = await readUpload(deps.dataProcess, upload, { name: withEnding(name, upload.contentType), outputPath: columnsPath });

      const storing = async () => {
        const stored: Sha256[] = [];
        try {
          // Noted only if they weren't there before: what others put there is not ours to take back.
          const keep = async (files: string | readonly string[], id: Sha256) => {
            if (await putFile(deps.artifacts, files, id)) stored.push(id);
            return id;
          };
          await keep(contentPaths, hash);
          const columnsArtifact = await keep(columnsPath, await hashFile(columnsPath));
          const before = await deps.store.datasets.find(owner, hash);
          const dataset = await deps.store.datasets.put({ id: hash, owner, name, sizeBytes, columnsArtifact, ...summary });
          return { dataset, created: before === null };
        } catch (error) {
          for (const id of stored) await deps.artifacts.delete(id).catch(() => {});
          throw error;
        }
      };
      return storeInTurn(() => gate.storing(storing));
    });
}

/** The bytes that a dataset is named by and stored as: files whose contents follow each other. `sizeBytes` counts what was uploaded. */
async function contentOf({ files, dialect }: ReceivedUpload, folder: string) {
  const contentPaths = files.map((file) => file.path);
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (Object.keys(dialect).length > 0) {
    const declarationPath = path.join(folder, "dialect");
    await writeFile(declarationPath, canonicalText(dialect));
    contentPaths.push(declarationPath);
  }
  return { contentPaths, sizeBytes, hash: contentPaths.length === 1 ? files[0].hash : await hashFile(...contentPaths) };
}

async function readUpload(
  dataProcess: ApiDependencies["dataProcess"],
  { files: [first, second], dialect }: ReceivedUpload,
  options: { readonly name: string; readonly outputPath: string },
): Promise<TableSummary> {
  if (second === undefined) return dataProcess.readTable({ path: first.path, dialect, ...options });
  return dataProcess.readIdxPair({ imagesPath: first.path, labelsPath: second.path, ...options });
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
