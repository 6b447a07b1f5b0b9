/** A dataset's columns: type, distribution, range, gaps, examples and warnings. */
import type { DatasetView } from "@rightsize/contract";
import { useState } from "react";
import { count, plain, plainWords } from "../format.ts";
import { Histogram } from "../plots/bars.tsx";

type Column = DatasetView["columns"][number];

function rangeText(column: Column): string {
  if (column.minimum === null || column.maximum === null) return "–";
  if (column.type === "date")
    return `${new Date(column.minimum).toISOString().slice(0, 10)} to ${new Date(column.maximum).toISOString().slice(0, 10)}`;
  return `${plain(column.minimum)} to ${plain(column.maximum)}`;
}

/** Columns shown at first: a table of images has one a pixel. */
const shownFirst = 60;

export function ColumnTable({ columns, rowCount, target }: { columns: readonly Column[]; rowCount: number; target: string | null }) {
  const [all, setAll] = useState(columns.length <= shownFirst);
  // The target is always among them.
  const few = columns.filter((column, index) => index < shownFirst - 1 || column.name === target);
  return (
    <>
      <Columns columns={all ? columns : few} rowCount={rowCount} target={target} />
      {!all && (
        <p className="list-foot">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {count(columns.length)} columns
          </button>
        </p>
      )}
    </>
  );
}

function Columns({ columns, rowCount, target }: { columns: readonly Column[]; rowCount: number; target: string | null }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard.
    <section className="scroll" tabIndex={0} aria-label="Columns">
      <table className="small-table columns">
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Type</th>
            <th scope="col">Distribution</th>
            <th scope="col" className="number">
              Range
            </th>
            <th scope="col" className="number">
              Mean ± deviation
            </th>
            <th scope="col" className="number">
              Distinct
            </th>
            <th scope="col" className="number">
              Gaps
            </th>
            <th scope="col">Warnings</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column.name}>
              <th scope="row">
                {column.name}
                {column.name === target && <span className="answer-tag">target</span>}
              </th>
              <td>{column.type}</td>
              <td>
                {column.histogram.length > 0 ? (
                  <Histogram counts={column.histogram} label={`Histogram of ${column.name}`} />
                ) : (
                  <span className="quiet examples">{column.examples.join(", ")}</span>
                )}
              </td>
              <td className="number">{rangeText(column)}</td>
              <td className="number">
                {column.mean === null || column.type === "date" ? "–" : `${plain(column.mean)} ± ${plain(column.deviation)}`}
              </td>
              <td className="number">{count(column.distinctCount)}</td>
              <td className="number">
                {column.gapCount === 0 ? (
                  <span className="quiet">0</span>
                ) : (
                  `${count(column.gapCount)} (${((100 * column.gapCount) / Math.max(1, rowCount)).toFixed(1)} %)`
                )}
              </td>
              <td className="warning-text">{column.warnings.map(plainWords).join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
