/** How to ask an experiment's question again: its specification as the request that the API takes. */
import type { Experiment } from "@rightsize/core";

/** Longest request that a report holds, in characters: splits by row numbers may name millions. */
const longest = 20_000;

export function requestText({ spec }: Experiment): string {
  return JSON.stringify(spec, null, 2);
}

/** For a POSIX shell; null where the request is too long for a page. */
export function reproduceCommand(experiment: Experiment, datasetName: string): { readonly request: string; readonly shell: string } | null {
  const request = requestText(experiment);
  if (request.length > longest) return null;
  const shell = [
    "API=http://127.0.0.1:7421/v1   # where a Rightsize service answers",
    `# The bytes of the table have the SHA-256 ${experiment.spec.dataset}.`,
    `curl -s "$API/datasets?name=${encodeURIComponent(datasetName).replaceAll("'", "%27")}" --data-binary @${quoted(datasetName)}`,
    "# request.json is the request below.",
    `curl -s "$API/experiments" -H 'content-type: application/json' --data-binary @request.json`,
  ].join("\n");
  return { request, shell };
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`).replaceAll(/\s+/g, " ")}'`;
