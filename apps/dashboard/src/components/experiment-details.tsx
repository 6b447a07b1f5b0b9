/** Everything that was asked and planned, the events as they came, and the table to take away. */
import type { EventView, ExperimentView } from "@rightsize/contract";
import { counted, plainWords } from "../format.ts";
import { Log } from "./log.tsx";
import { TakeHome } from "./take-home.tsx";
import { Timeline } from "./timeline.tsx";

export function ExperimentDetails({ experiment, events }: { experiment: ExperimentView; events: readonly EventView[] }) {
  const { plan } = experiment;
  return (
    <section className="details" aria-label="Details">
      <TakeHome experiment={experiment} />
      <Timeline experiment={experiment} />
      <Log experiment={experiment} />
      {plan.warnings.length > 0 && (
        <details open>
          <summary>Before you believe the scores: {plan.warnings.length === 1 ? "a warning" : `${plan.warnings.length} warnings`}</summary>
          <ul className="plain-list">
            {plan.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
      <details>
        <summary>
          Columns: {plan.featureColumns.length} used, {plan.leftOut.length} left out
        </summary>
        <p>{plan.featureColumns.join(", ")}</p>
        {plan.leftOut.length > 0 && (
          <ul className="plain-list">
            {plan.leftOut.map((column) => (
              <li key={column.name}>
                <b>{column.name}</b> <span className="quiet">{column.reason}</span>
              </li>
            ))}
          </ul>
        )}
        {plan.droppedRows > 0 && <p className="quiet">{counted(plan.droppedRows, "row")} dropped: the target is missing there.</p>}
      </details>
      <details>
        <summary>The question as asked</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard. */}
        <pre tabIndex={0}>{JSON.stringify(experiment.spec, null, 2)}</pre>
        <p className="quiet long-words">
          Engine {experiment.engineFingerprint ?? "not chosen yet"}; policy {experiment.policyVersion}; {experiment.id}
        </p>
      </details>
      {events.length > 0 && (
        <details>
          <summary>Events since this page was opened: {events.length}</summary>
          <ol className="events">
            {events.toReversed().map((event) => (
              <li key={event.sequence} value={event.sequence}>
                <time dateTime={event.createdAt}>{new Date(event.createdAt).toLocaleTimeString("en-GB")}</time>{" "}
                {plainWords(event.kind.replace(".", " "))}
                <span className="quiet"> {eventText(event)}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

function eventText(event: EventView): string {
  return Object.entries(event.data)
    .filter(([, value]) => typeof value === "string" || typeof value === "number")
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
