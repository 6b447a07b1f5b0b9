/** Chooses a dataset: one that is here, or a new file. */
import type { DatasetView } from "@rightsize/contract";
import { useState } from "react";
import { api, type PageOf } from "../api-client.ts";
import { count, counted } from "../format.ts";
import { useResource } from "../use-resource.ts";
import { Select } from "./fields.tsx";
import { FileDrop } from "./file-drop.tsx";
import { ProblemNote } from "./notes.tsx";

export function DatasetChoice({ chosen, onChoose }: { chosen: DatasetView | null; onChoose: (dataset: DatasetView) => void }) {
  const { value, problem, reload } = useResource<PageOf<DatasetView>>("datasets", (signal) => api.datasets(null, signal));
  const [uploading, setUploading] = useState(false);
  const items = value?.items ?? [];
  const all = chosen === null || items.some((item) => item.id === chosen.id) ? items : [chosen, ...items];
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} onRetry={reload} />}
      {all.length > 0 && (
        <div className="fields">
          <Select
            label="Dataset"
            value={chosen?.id ?? ""}
            onChange={(id) => {
              const found = all.find((item) => item.id === id);
              if (found !== undefined) onChoose(found);
            }}
            hint={chosen === null ? undefined : `${count(chosen.rowCount)} rows, ${counted(chosen.columns.length, "column")}`}
          >
            {chosen === null && <option value="">Choose…</option>}
            {all.map((dataset) => (
              <option key={dataset.id} value={dataset.id}>
                {dataset.name}
              </option>
            ))}
          </Select>
          {!uploading && (
            <button type="button" className="text-button field-side" onClick={() => setUploading(true)}>
              or upload another file
            </button>
          )}
        </div>
      )}
      {(uploading || (value !== null && all.length === 0)) && (
        <FileDrop
          onUploaded={(dataset) => {
            setUploading(false);
            onChoose(dataset);
            reload();
          }}
        />
      )}
    </>
  );
}
