/** A place to drop a file, or to choose one; it is uploaded at once. */
import type { DatasetView, Problem } from "@rightsize/contract";
import { type DragEvent, useId, useState } from "react";
import { api, asProblem } from "../api-client.ts";
import { bytes } from "../format.ts";
import { Icon } from "./icon.tsx";
import { ProblemNote } from "./notes.tsx";

export function FileDrop({ onUploaded }: { onUploaded: (dataset: DatasetView) => void }) {
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<File | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const id = useId();
  const send = async (file: File | undefined) => {
    if (file === undefined || sending !== null) return;
    setSending(file);
    setProblem(null);
    try {
      onUploaded(await api.upload(file));
    } catch (error) {
      setProblem(asProblem(error));
    }
    setSending(null);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void send(event.dataTransfer.files[0]);
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
        <p role="status">{sending === null ? "Drop a CSV or JSON file here" : `Uploading ${sending.name}, ${bytes(sending.size)}…`}</p>
        <label htmlFor={id} className="button">
          Choose a file
        </label>
        <input
          id={id}
          type="file"
          className="visually-hidden"
          accept=".csv,.tsv,.txt,.json,.ndjson,.jsonl,.parquet,.gz"
          onChange={(event) => {
            void send(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </div>
      {problem !== null && <ProblemNote problem={problem} />}
    </>
  );
}
