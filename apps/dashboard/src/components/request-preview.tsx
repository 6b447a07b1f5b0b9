/** The same question for a terminal: as JSON, and as a curl command. */
import type { ExperimentRequest } from "@rightsize/contract";
import { useState } from "react";
import { apiKey } from "../api-client.ts";
import { curlOf } from "../request-draft.ts";
import { Choices } from "./choices.tsx";
import { CopyButton } from "./copy-button.tsx";

export function RequestPreview({ request }: { request: ExperimentRequest }) {
  const [form, setForm] = useState<"curl" | "json">("curl");
  const text = form === "curl" ? curlOf(request, location.origin, apiKey.get() !== null) : JSON.stringify(request, null, 2);
  return (
    <aside className="preview" aria-label="The same question for a terminal">
      <div className="preview-head">
        <Choices
          legend="Form"
          value={form}
          choices={[
            { value: "curl", text: "curl" },
            { value: "json", text: "JSON" },
          ]}
          onChange={setForm}
        />
        <CopyButton text={text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard. */}
      <pre tabIndex={0}>{text}</pre>
    </aside>
  );
}
