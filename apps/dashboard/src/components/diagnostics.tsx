/** A network's health as its runs report it: symptoms in sentences, and each layer's numbers as a strip of heat. */
import type { RunView } from "@rightsize/contract";
import type { Diagnostics } from "@rightsize/core";
import { plainWords } from "../format.ts";

/** The diagnostics of a run, when they have the form that core gives them. */
export function diagnosticsOf(run: RunView): Diagnostics | null {
  const value = run.diagnostics as Partial<Diagnostics> | null | undefined;
  return value && Array.isArray(value.layers) && Array.isArray(value.symptoms) ? (value as Diagnostics) : null;
}

/** Each symptom once, however many runs show it. */
export function Symptoms({ runs }: { runs: readonly RunView[] }) {
  const sentences = new Map<string, string>();
  for (const run of runs) for (const { symptom, sentence } of diagnosticsOf(run)?.symptoms ?? []) sentences.set(symptom, sentence);
  if (sentences.size === 0) return null;
  return (
    <ul className="symptoms">
      {[...sentences].map(([symptom, sentence]) => (
        <li key={symptom}>
          <b>{plainWords(symptom)}</b> {sentence}
        </li>
      ))}
    </ul>
  );
}
