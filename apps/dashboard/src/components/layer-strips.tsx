/** A network's health as it trained: one strip a hidden layer, one cell an epoch that was looked at. Hot is unhealthy. */
import type { LayerDiagnostics } from "@rightsize/core";
import { useState } from "react";
import { plain } from "../format.ts";
import type { EpochView } from "../live.ts";
import { Choices } from "./choices.tsx";
import { belowLargest } from "./diagnostics.tsx";

interface Measure {
  readonly text: string;
  readonly value: (layer: LayerDiagnostics) => number;
  readonly cell: (value: number) => string;
  /** Share of full heat, 0–1, of a value among those of all layers at its epoch. */
  readonly heat: (value: number, all: readonly number[]) => number;
  readonly say: string;
}
const twoDigits = (value: number) => plain(Number(value.toPrecision(2)));
const measures = {
  dead: {
    text: "Dead units",
    value: (layer) => layer.deadFraction,
    cell: (value) => String(Math.round(value * 100)),
    heat: (value) => value,
    say: "Percent of a layer's units that give the same output for every sampled row.",
  },
  gradient: {
    text: "Gradient norms",
    value: (layer) => layer.gradientNorm,
    cell: twoDigits,
    heat: belowLargest,
    say: "Norm of each layer's gradient; hot where it lies powers of ten below the largest of its epoch.",
  },
  update: {
    text: "Updates",
    value: (layer) => layer.updateRatio,
    cell: twoDigits,
    heat: belowLargest,
    say: "Norm of the epoch's last update over the norm of the weights.",
  },
} satisfies Record<string, Measure>;
type MeasureName = keyof typeof measures;

/** Epochs with diagnostics, at most so many, the first and last among them. */
function lookedAt(
  epochs: readonly EpochView[],
  most = 16,
): readonly { readonly epoch: number; readonly layers: readonly LayerDiagnostics[] }[] {
  const found = epochs.flatMap(({ epoch, diagnostics }) =>
    diagnostics === undefined || diagnostics.length === 0 ? [] : [{ epoch, layers: diagnostics }],
  );
  if (found.length <= most) return found;
  return Array.from({ length: most }, (_, index) => found[Math.round((index * (found.length - 1)) / (most - 1))]).filter(
    (one) => one !== undefined,
  );
}

export function LayerStrips({ epochs }: { epochs: readonly EpochView[] }) {
  const [chosen, setChosen] = useState<MeasureName>("dead");
  const columns = lookedAt(epochs);
  const layerCount = Math.max(0, ...columns.map(({ layers }) => layers.length));
  if (columns.length === 0) return null;
  const measure: Measure = measures[chosen];
  return (
    <section className="layer-strips" aria-label="Health of each hidden layer over epochs">
      <div className="strips-head">
        <Choices
          legend="What the strips show"
          value={chosen}
          choices={Object.entries(measures).map(([value, { text }]) => ({ value: value as MeasureName, text }))}
          onChange={setChosen}
        />
        <span className="quiet">{measure.say}</span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard. */}
      <section className="scroll" tabIndex={0} aria-label={measure.text}>
        <table className="heat strips">
          <thead>
            <tr>
              <th scope="col">Epoch</th>
              {columns.map(({ epoch }) => (
                <th key={epoch} scope="col">
                  {epoch}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: layerCount }, (_, layer) => `Layer ${layer + 1}`).map((name, layer) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {columns.map(({ epoch, layers }) => {
                  const all = layers.map(measure.value);
                  const value = all[layer];
                  return value === undefined ? (
                    <td key={epoch} />
                  ) : (
                    <td key={epoch} style={{ "--heat": Math.min(1, measure.heat(value, all)) } as React.CSSProperties}>
                      {measure.cell(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
