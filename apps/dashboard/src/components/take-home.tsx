/** The model and the table to take home: downloads, and the program that uses the model beside them. */

import type { ExperimentView } from "@rightsize/contract";
import { type ModelSnippet, modelSnippets, profiledRow } from "@rightsize/contract";
import { useState } from "react";
import { api } from "../api-client.ts";
import { useResource } from "../use-resource.ts";
import { Choices } from "./choices.tsx";
import { CopyButton } from "./copy-button.tsx";
import { DownloadLink } from "./download-link.tsx";
import { Loading, ProblemNote } from "./notes.tsx";

const tableFormats = [
  { format: "csv", text: "CSV" },
  { format: "markdown", text: "MD" },
  { format: "json", text: "JSON" },
] as const;

export function TakeHome({ experiment }: { experiment: ExperimentView }) {
  const [open, setOpen] = useState(false);
  const path = api.experimentPath(experiment.id);
  const model = experiment.answer?.modelArtifact != null;
  return (
    <>
      {model && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>Take the model home</summary>
          <p className="downloads">
            <DownloadLink className="button primary" href={`${path}/model`} name={`rightsize-${experiment.id}.zip`}>
              The trained model
            </DownloadLink>
            <span className="quiet">
              One zip file: ONNX with the preparation of columns inside, TensorFlow.js, a model card, SHA-256 sums.
            </span>
          </p>
          {open && <Snippets experiment={experiment} />}
        </details>
      )}
      <details>
        <summary>Take the table or a report away</summary>
        <p className="downloads">
          <DownloadLink href={`${path}/report?format=html`} name={`rightsize-${experiment.id}.html`}>
            Report as a page
          </DownloadLink>
          <DownloadLink href={`${path}/report?format=markdown`} name={`rightsize-${experiment.id}.md`}>
            Report as Markdown
          </DownloadLink>
          <span className="quiet">The question, the table, every reason and the plots in one file, to hand to someone else.</span>
        </p>
        <p className="downloads">
          {tableFormats.map(({ format, text }) => (
            <DownloadLink key={format} href={`${path}/trials?format=${format}`} name={`trials.${text.toLowerCase()}`}>
              {text}
            </DownloadLink>
          ))}
        </p>
        <p className="quiet">From any terminal:</p>
        {["text/markdown", "text/csv", "application/json"].map((type) => (
          <Command key={type} text={`curl -H 'Accept: ${type}' ${location.origin}${path}/trials`} />
        ))}
      </details>
    </>
  );
}

function Command({ text }: { text: string }) {
  return (
    <p className="command">
      <code>{text}</code>
      <CopyButton text={text} />
    </p>
  );
}

/** Programs with a row of this very table. */
function Snippets({ experiment }: { experiment: ExperimentView }) {
  const { value, problem, reload } = useResource(`dataset ${experiment.dataset}`, () => api.dataset(experiment.dataset));
  const [language, setLanguage] = useState<ModelSnippet["language"]>("python");
  if (problem !== null) return <ProblemNote problem={problem} onRetry={reload} />;
  if (value === null) return <Loading what="an example row" />;
  const { target, task, plan } = experiment;
  const snippets = modelSnippets({ target, task, exampleRow: profiledRow(value.columns, plan.featureColumns) });
  const shown = snippets.find((snippet) => snippet.language === language) ?? snippets[0];
  return (
    <div className="snippet">
      <p className="quiet">In the folder of the unpacked file; the row holds typical values of your own columns.</p>
      <div className="preview-head">
        <Choices
          legend="Language"
          value={language}
          choices={snippets.map(({ language: name, title }) => ({ value: name, text: title }))}
          onChange={setLanguage}
        />
        <CopyButton text={shown.code} />
      </div>
      <Command text={shown.install} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard. */}
      <pre tabIndex={0}>{shown.code}</pre>
    </div>
  );
}
