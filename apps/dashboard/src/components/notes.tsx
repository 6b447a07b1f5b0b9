/** What a page says when it has nothing else to show: a problem, an empty list, a wait. */
import type { Problem } from "@rightsize/contract";
import { type ReactNode, useState } from "react";
import { apiKey } from "../api-client.ts";
import { Icon } from "./icon.tsx";

/** A problem as the API tells it: title, detail, what to do, and each issue with what was received and what is required. */
export function ProblemNote({ problem, onRetry }: { problem: Problem; onRetry?: (() => void) | undefined }) {
  if (problem.status === 401) return <KeyNote problem={problem} />;
  return (
    <section className="note problem" role="alert">
      <h2>{problem.title}</h2>
      {problem.detail !== problem.title && <p>{problem.detail}</p>}
      {problem.issues.length > 0 && (
        <ul className="issues">
          {problem.issues.map((issue) => (
            <li key={`${issue.where} ${issue.required}`}>
              <code>{issue.where}</code>
              <span>
                received <em>{issue.received}</em>, needs <em>{issue.required}</em>
              </span>
            </li>
          ))}
        </ul>
      )}
      {problem.advice !== "" && <p className="advice">{problem.advice}</p>}
      <p className="note-foot">
        {onRetry !== undefined && (
          <button type="button" className="button" onClick={onRetry}>
            <Icon name="again" /> Try again
          </button>
        )}
        {problem.instance !== "" && <small>Request {problem.instance}</small>}
      </p>
    </section>
  );
}

/** Asks for the key. What the API says of headers is for programs: a person pastes the key and the page sends it. */
function KeyNote({ problem }: { problem: Problem }) {
  return (
    <section className="note problem" role="alert">
      <h2>Paste your key</h2>
      <p>{problem.detail}</p>
      <p>
        A key starts with <code>rsk_</code>. It lets you in and shows the experiments and datasets that are yours; this tab keeps it until
        it is closed.
      </p>
      <KeyField />
      <p className="advice">
        No key yet? Whoever runs the service makes one, which is shown once:{" "}
        <code>npm run rightsize -- keys create --name mine --scopes read,write</code>
      </p>
    </section>
  );
}

/** No form of its own: the problem may stand within one, and a form in a form sends the outer one, or nothing. */
function KeyField() {
  const [key, setKey] = useState("");
  const save = () => {
    if (key.trim() === "") return;
    apiKey.set(key.trim());
    location.reload();
  };
  return (
    <div className="key-field">
      <label>
        Your key{" "}
        <input
          type="password"
          placeholder="rsk_…"
          autoComplete="off"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            save();
          }}
        />
      </label>
      <button type="button" className="button" onClick={save}>
        Use this key
      </button>
    </div>
  );
}

export function EmptyNote({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="note empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Grey lines where text will stand; says so to screen readers. */
export function Loading({ lines = 5, what }: { lines?: number; what: string }) {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">Loading {what}</span>
      {Array.from({ length: lines }, (_, line) => `line ${line}`).map((line) => (
        <span key={line} className="loading-line" />
      ))}
    </div>
  );
}
