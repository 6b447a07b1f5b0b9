/** All datasets, and the place to drop another one. */
import type { DatasetView } from "@rightsize/contract";
import { useEffect, useState } from "react";
import { api, asProblem, type PageOf } from "../api-client.ts";
import { FileDrop } from "../components/file-drop.tsx";
import { EmptyNote, Loading, ProblemNote } from "../components/notes.tsx";
import { ago, bytes, count, counted } from "../format.ts";
import { go, Link } from "../router.tsx";
import { rememberDatasetNames } from "../use-dataset-name.ts";
import { usePageTitle } from "../use-page-title.ts";
import { useResource } from "../use-resource.ts";

export function DatasetsPage() {
  usePageTitle("Datasets");
  const first = useResource<PageOf<DatasetView>>("datasets", (signal) => api.datasets(null, signal));
  const [further, setFurther] = useState<readonly DatasetView[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useState(first.problem);
  useEffect(() => {
    setCursor(first.value?.cursor ?? null);
    rememberDatasetNames(first.value?.items ?? []);
  }, [first.value]);
  const more = async () => {
    try {
      const page = await api.datasets(cursor);
      setFurther((before) => [...before, ...page.items]);
      setCursor(page.cursor);
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  const shownProblem = problem ?? first.problem;
  const items = [...(first.value?.items ?? []), ...further];
  return (
    <>
      <header className="page-head">
        <div className="title-line">
          <h1>Datasets</h1>
        </div>
        <p className="question quiet">Each file is kept once, named by its content, and never changed.</p>
      </header>
      <FileDrop onUploaded={(dataset) => go(`/datasets/${dataset.id}`)} />
      {shownProblem !== null && <ProblemNote problem={shownProblem} onRetry={first.reload} />}
      {first.value === null && shownProblem === null && <Loading what="the datasets" />}
      {first.value !== null && items.length === 0 && (
        <EmptyNote title="No dataset yet">
          <p>Drop a CSV or JSON file above; its columns are looked through at once, and the first question can follow.</p>
        </EmptyNote>
      )}
      {items.length > 0 && (
        <ul className="dataset-list">
          {items.map((dataset) => (
            <li key={dataset.id}>
              <div className="item-name">
                <Link href={`/datasets/${dataset.id}`}>{dataset.name}</Link>
                <span className="quiet">
                  {count(dataset.rowCount)} rows, {counted(dataset.columns.length, "column")}, {dataset.format}, {bytes(dataset.sizeBytes)}
                </span>
              </div>
              <span className="quiet">{dataset.suggestedTarget === null ? "" : `suggested target ${dataset.suggestedTarget}`}</span>
              <span className="quiet">{dataset.warnings.length > 0 && counted(dataset.warnings.length, "warning")}</span>
              <time className="quiet" dateTime={dataset.createdAt}>
                {ago(Date.parse(dataset.createdAt), Date.now())}
              </time>
            </li>
          ))}
        </ul>
      )}
      {cursor !== null && (
        <button type="button" className="button" onClick={() => void more()}>
          More
        </button>
      )}
    </>
  );
}
