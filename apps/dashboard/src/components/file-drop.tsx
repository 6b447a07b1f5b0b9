/** A place to drop a file, or the two files of a set of images, or to choose them; they are uploaded at once. */
import type { DatasetView, Problem } from "@rightsize/contract";
import { type DragEvent, useId, useState } from "react";
import { api, asProblem, localProblem } from "../api-client.ts";
import { bytes } from "../format.ts";
import { Icon } from "./icon.tsx";
import { ProblemNote } from "./notes.tsx";

const tooMany = (files: number) =>
  localProblem(
    "One table at a time",
    `${files} files were dropped together.`,
    "Drop one table, or the two IDX files of a set of images: images and labels.",
  );

export function FileDrop({ onUploaded }: { onUploaded: (dataset: DatasetView) => void }) {
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<readonly File[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const id = useId();
  const send = async (files: readonly File[]) => {
    if (files.length === 0 || sending.length > 0) return;
    if (files.length > 2) return setProblem(tooMany(files.length));
    setSending(files);
    setProblem(null);
    try {
      onUploaded(await api.upload(files));
    } catch (error) {
      setProblem(asProblem(error));
    }
    setSending([]);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void send([...event.dataTransfer.files]);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the file button inside is the first. */}
      <div
        className="file-drop"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Icon name="upload" />
        <p role="status">
          {sending.length === 0
            ? "Drop a CSV, JSON or Parquet file here, or two IDX files: images and their labels"
            : `Uploading ${sending.map(({ name }) => name).join(" and ")}, ${bytes(sending.reduce((sum, { size }) => sum + size, 0))}…`}
        </p>
        <label htmlFor={id} className="button">
          Choose a file
        </label>
        <input
          id={id}
          type="file"
          className="visually-hidden"
          multiple
          accept=".csv,.tsv,.txt,.json,.ndjson,.jsonl,.parquet,.gz,.idx,.idx1-ubyte,.idx3-ubyte,*/*"
          onChange={(event) => {
            void send([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
      </div>
      {problem !== null && <ProblemNote problem={problem} />}
    </>
  );
}
