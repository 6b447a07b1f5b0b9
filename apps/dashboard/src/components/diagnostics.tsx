/** A network's health as its runs report it: symptoms in sentences with a remedy beside them, and each layer's numbers as strips of heat. */
import type { ExperimentView, RunView } from "@rightsize/contract";
import type { Diagnostics, LayerDiagnostics } from "@rightsize/core";
import { plain, plainWords } from "../format.ts";
import { remedyFor } from "../remedies.ts";
import { Link } from "../router.tsx";

/** The diagnostics of a run, when they have the form that core gives them. */
export function diagnosticsOf(run: RunView): Diagnostics | null {
  const value = run.diagnostics as Partial<Diagnostics> | null | undefined;
  return value && Array.isArray(value.layers) && Array.isArray(value.symptoms) ? (value as Diagnostics) : null;
}

/** Each symptom once, however many runs show it. */
export function Symptoms({ runs, experiment }: { runs: readonly RunView[]; experiment: ExperimentView }) {
  const sentences = new Map<string, string>();
  for (const run of runs) for (const { symptom, sentence } of diagnosticsOf(run)?.symptoms ?? []) sentences.set(symptom, sentence);
  if (sentences.size === 0) return null;
  return (
    <ul className="symptoms">
      {[...sentences].map(([symptom, sentence]) => {
        const remedy = remedyFor(symptom);
        return (
          <li key={symptom}>
            <b>{plainWords(symptom)}</b> {sentence}{" "}
            {remedy !== null && <Link href={`/new?from=${encodeURIComponent(experiment.id)}&remedy=${symptom}`}>{remedy.text}</Link>}
          </li>
        );
      })}
    </ul>
  );
}

interface Strip {
  readonly name: string;
  readonly value: (layer: LayerDiagnostics) => number;
  readonly text: (value: number) => string;
  /** Share of full heat, 0–1, of a value among all layers' values. */
  readonly heat: (value: number, all: readonly number[]) => number;
}

const percent = (value: number) => `${Math.round(value * 100)} %`;
/** Distance of a positive number from the largest in powers of ten, three powers being full heat: small is what harms. */
export const belowLargest = (value: number, all: readonly number[]) => {
  const largest = Math.max(...all);
  return value <= 0 || largest <= 0 ? 1 : Math.min(1, Math.log10(largest / value) / 3);
};
const strips: readonly Strip[] = [
  { name: "Dead units", value: (layer) => layer.deadFraction, text: percent, heat: (value) => value },
  { name: "Saturated", value: (layer) => layer.saturatedFraction, text: percent, heat: (value) => value },
  { name: "Gradient norm", value: (layer) => layer.gradientNorm, text: (value) => plain(Number(value.toPrecision(2))), heat: belowLargest },
  {
    name: "Update over weights",
    value: (layer) => layer.updateRatio,
    text: (value) => plain(Number(value.toPrecision(2))),
    heat: belowLargest,
  },
];

/** One strip a measure, one cell a hidden layer from input to output, of the run that scored best. Hot is unhealthy. */
export function HeatStrips({ runs }: { runs: readonly RunView[] }) {
  const best = [...runs]
    .filter((run) => (diagnosticsOf(run)?.layers.length ?? 0) > 0)
    .sort((a, b) => (a.validationLoss ?? Number.POSITIVE_INFINITY) - (b.validationLoss ?? Number.POSITIVE_INFINITY))[0];
  const layers = best === undefined ? [] : (diagnosticsOf(best)?.layers ?? []);
  if (layers.length === 0) return null;
  const shown = strips.filter(({ name, value }) => name !== "Saturated" || layers.some((layer) => value(layer) > 0));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard.
    <section className="scroll" tabIndex={0} aria-label="Health of each hidden layer">
      <table className="heat">
        <caption className="visually-hidden">Health of each hidden layer at the best epoch</caption>
        <thead>
          <tr>
            <th scope="col">Hidden layer</th>
            {layers.map((_, layer) => (
              <th key={`layer ${layer + 1}`} scope="col">
                {layer + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ name, value, text, heat }) => {
            const all = layers.map(value);
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                {all.map((one, layer) => (
                  <td key={`layer ${layer + 1}`} style={{ "--heat": Math.min(1, heat(one, all)) } as React.CSSProperties}>
                    {text(one)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
