/** What happened, a sentence an event; read when it is unfolded, and on as events come. */
import type { ExperimentView, LogLine, Problem } from "@rightsize/contract";
import { useEffect, useRef, useState } from "react";
import { api, asProblem } from "../api-client.ts";
import { readLog } from "../experiment-log.ts";
import { count } from "../format.ts";
import { DownloadLink } from "./download-link.tsx";
import { Loading, ProblemNote } from "./notes.tsx";

export function Log({ experiment }: { experiment: ExperimentView }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Log</summary>
      {open && <Lines experiment={experiment} />}
    </details>
  );
}

function Lines({ experiment }: { experiment: ExperimentView }) {
  const [lines, setLines] = useState<readonly LogLine[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [turn, setTurn] = useState(0);
  const known = useRef<readonly LogLine[]>([]);
  // Another event, or another try, asks for the lines that follow.
  useEffect(() => {
    let shown = true;
    readLog(experiment.id, known.current).then(
      (found) => {
        if (!shown) return;
        known.current = found;
        setLines(found);
        setProblem(null);
      },
      (error: unknown) => shown && setProblem(asProblem(error)),
    );
    return () => {
      shown = false;
    };
  }, [experiment.id, experiment.eventCount, turn]);
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} onRetry={() => setTurn(turn + 1)} />}
      {lines === null && problem === null && <Loading lines={3} what="the log" />}
      {lines !== null && lines.length === 0 && <p className="quiet">Nothing has happened yet.</p>}
      {lines !== null && lines.length > 0 && (
        <>
          <p className="quiet">
            {count(lines.length)} lines, newest first;{" "}
            <DownloadLink className="" href={`${api.experimentPath(experiment.id)}/log?format=text`} name={`log-${experiment.id}.txt`}>
              as plain text
            </DownloadLink>
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard. */}
          <section className="log-lines" tabIndex={0} aria-label="Log">
            <ol>
              {lines.toReversed().map((line) => (
                <li key={line.sequence} data-level={line.level}>
                  <time dateTime={line.time}>{new Date(line.time).toLocaleTimeString("en-GB")}</time>
                  <span>
                    {line.level !== "info" && <b>{line.level === "warn" ? "Warning: " : "Error: "}</b>}
                    {line.message}
                  </span>
                </li>
              ))}
            </ol>
          </section>
        </>
      )}
    </>
  );
}
