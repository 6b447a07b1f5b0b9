/** The same question for a terminal: as JSON, and as a curl command. */
import type { ExperimentRequest } from "@rightsize/contract";
import { useState } from "react";
import { curlOf } from "../request-draft.ts";
import { CopyButton } from "./copy-button.tsx";

export function RequestPreview({ request }: { request: ExperimentRequest }) {
  const [form, setForm] = useState<"curl" | "json">("curl");
  const text = form === "curl" ? curlOf(request, location.origin) : JSON.stringify(request, null, 2);
  return (
    <aside className="preview" aria-label="The same question for a terminal">
      <div className="preview-head">
        <fieldset className="choices">
          <legend className="visually-hidden">Form</legend>
          {(["curl", "json"] as const).map((choice) => (
            <label key={choice}>
              <input type="radio" name="form" checked={form === choice} onChange={() => setForm(choice)} />
              <span>{choice === "curl" ? "curl" : "JSON"}</span>
            </label>
          ))}
        </fieldset>
        <CopyButton text={text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard. */}
      <pre tabIndex={0}>{text}</pre>
    </aside>
  );
}
