/** One dataset: what every column holds. */
import { capacityText } from "@rightsize/core";
import { api } from "../api-client.ts";
import { ColumnTable } from "../components/column-table.tsx";
import { Icon } from "../components/icon.tsx";
import { Loading, ProblemNote } from "../components/notes.tsx";
import { StateMark } from "../components/state-mark.tsx";
import { bytes, count, counted, score } from "../format.ts";
import { Link } from "../router.tsx";
import { usePageTitle } from "../use-page-title.ts";
import { useResource } from "../use-resource.ts";

export function DatasetPage({ id }: { id: string }) {
  const { value: dataset, problem, reload } = useResource(`dataset ${id}`, () => api.dataset(id));
  usePageTitle(dataset?.name ?? "Dataset");
  if (problem !== null) return <ProblemNote problem={problem} onRetry={reload} />;
  if (dataset === null) return <Loading lines={9} what="the dataset" />;
  return (
    <>
      <header className="page-head">
        <p className="crumb">
          <Link href="/datasets">Datasets</Link>
        </p>
        <div className="title-line">
          <h1>{dataset.name}</h1>
          <span className="actions">
            <Link className="button primary" href={`/new?dataset=${dataset.id}`}>
              <Icon name="plus" /> Ask a question of it
            </Link>
          </span>
        </div>
        <p className="question quiet">
          {count(dataset.rowCount)} rows, {counted(dataset.columns.length, "column")}, {dataset.format}, {bytes(dataset.sizeBytes)}.
          {dataset.suggestedTarget !== null && (
            <>
              {" "}
              Suggested target: <b>{dataset.suggestedTarget}</b>
              {dataset.suggestedTask !== null && ` (${dataset.suggestedTask})`}.
            </>
          )}
        </p>
        <p className="fingerprint quiet">SHA-256 {dataset.id}</p>
      </header>
      {dataset.warnings.length > 0 && (
        <ul className="symptoms">
          {dataset.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <Users id={id} />
      <ColumnTable columns={dataset.columns} rowCount={dataset.rowCount} target={dataset.suggestedTarget} />
    </>
  );
}

/** The experiments that asked something of it. */
function Users({ id }: { id: string }) {
  const { value, problem, reload } = useResource(`users of ${id}`, () => api.usersOf(id));
  if (problem !== null) return <ProblemNote problem={problem} onRetry={reload} />;
  if (value === null) return <Loading lines={1} what="the experiments about it" />;
  return (
    <section className="users" aria-label="Who uses it">
      <h2>Who uses it</h2>
      {value.items.length === 0 && <p className="quiet">No experiment has asked anything of it yet.</p>}
      <ul>
        {value.items.map((item) => (
          <li key={item.id}>
            <Link href={`/experiments/${item.id}`}>{item.name}</Link> <StateMark experiment={item} />{" "}
            <span className="quiet">
              {item.target}
              {item.summary.best !== null && `, best ${score(item.summary.best.score)} with ${capacityText(item.summary.best)}`}
            </span>
          </li>
        ))}
      </ul>
      {value.cursor !== null && <p className="quiet">and older ones: search the list of experiments for {id.slice(0, 10)}</p>}
    </section>
  );
}
