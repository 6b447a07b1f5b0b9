/** The confusion matrix with each class's hits, the worst mistakes (of images as pictures), and a box to draw one in. */
import type { ClassificationEvaluation, ExperimentView, Mistake } from "@rightsize/contract";
import { useState } from "react";
import { count } from "../format.ts";
import { DrawBox } from "./draw-box.tsx";
import { Picture, pixelsOf } from "./picture.tsx";

const percent = (share: number | null) => (share === null ? "–" : `${(100 * share).toFixed(share > 0.995 || share < 0.005 ? 1 : 0)} %`);

export function ClassEvaluation({ evaluation, experiment }: { evaluation: ClassificationEvaluation; experiment: ExperimentView }) {
  const { image, mistakes } = evaluation;
  const [taken, setTaken] = useState<Uint8Array | null>(null);
  return (
    <>
      <div className="plots">
        <Confusion evaluation={evaluation} />
        <Calibration evaluation={evaluation} />
      </div>
      {mistakes.worst.length > 0 && (
        <div className="mistakes">
          <h3>
            The worst of {count(mistakes.total)} {mistakes.total === 1 ? "mistake" : "mistakes"}
          </h3>
          {image === null ? (
            <MistakeTable mistakes={mistakes.worst.slice(0, 8)} />
          ) : (
            <ul className="mistake-pictures">
              {mistakes.worst.map((mistake) => (
                <li key={mistake.row}>
                  <button
                    type="button"
                    disabled={mistake.pixels === null || image.channels !== 1}
                    onClick={() => mistake.pixels !== null && setTaken(pixelsOf(mistake.pixels))}
                    title={`Row ${mistake.row + 1}: ${mistake.predicted} with ${percent(mistake.probability)}, ${mistake.actual} with ${percent(mistake.probabilityOfActual)}`}
                  >
                    {mistake.pixels !== null && <Picture pixels={pixelsOf(mistake.pixels)} image={image} />}
                    <span>
                      <span className="visually-hidden">Row {mistake.row + 1}: </span>
                      {mistake.actual} <span className="quiet">as</span> <b>{mistake.predicted}</b>
                      <span className="visually-hidden">, put it into the box</span>
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {image !== null && image.channels === 1 && <DrawBox experiment={experiment} image={image} taken={taken} />}
    </>
  );
}

function Confusion({ evaluation }: { evaluation: ClassificationEvaluation }) {
  const { classes, confusion, perClass } = evaluation;
  const mostWrong = Math.max(1, ...confusion.flatMap((row, actual) => row.filter((_, predicted) => predicted !== actual)));
  return (
    <figure className="plot">
      <figcaption>
        <h3>Confusion matrix</h3>
        <p className="legend">rows are the truth, columns what was predicted</p>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard. */}
      <section className="scroll" tabIndex={0} aria-label="Confusion matrix">
        <table className="confusion">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Actual class</span>
              </th>
              {classes.map((name) => (
                <th key={name} scope="col" title={name}>
                  {name}
                </th>
              ))}
              <th scope="col" className="share">
                found
              </th>
            </tr>
          </thead>
          <tbody>
            {confusion.map((row, actual) => (
              <tr key={classes[actual]}>
                <th scope="row" title={classes[actual]}>
                  {classes[actual]}
                </th>
                {row.map((rows, predicted) => (
                  <td
                    key={classes[predicted]}
                    className={predicted === actual ? "hit" : undefined}
                    style={
                      {
                        "--heat": predicted === actual ? (perClass[actual]?.recall ?? 0) : Math.sqrt(rows / mostWrong),
                      } as React.CSSProperties
                    }
                  >
                    {rows === 0 ? <span className="quiet">·</span> : count(rows)}
                  </td>
                ))}
                <td className="share">{percent(perClass[actual]?.recall ?? null)}</td>
              </tr>
            ))}
            <tr>
              <th scope="row">right</th>
              {perClass.map(({ name, precision }) => (
                <td key={name} className="share">
                  {percent(precision)}
                </td>
              ))}
              <td />
            </tr>
          </tbody>
        </table>
      </section>
    </figure>
  );
}

/** Whether a probability means what it says: of the rows predicted with 80 %, 8 of 10 should be right. */
function Calibration({ evaluation }: { evaluation: ClassificationEvaluation }) {
  const bins = evaluation.calibration.bins.filter(({ rows }) => rows > 0);
  return (
    <div className="calibration">
      <h3>Is it as sure as it should be?</h3>
      <p className="quiet">Its probabilities are {(100 * evaluation.calibration.expectedError).toFixed(1)} points off on average.</p>
      <table className="small-table">
        <thead>
          <tr>
            <th scope="col">It was sure to</th>
            <th scope="col" className="number">
              Rows
            </th>
            <th scope="col" className="number">
              Right
            </th>
            <th scope="col" className="bar-column">
              <span className="visually-hidden">Share right as a bar</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {bins.map(({ from, to, rows, meanProbability, shareRight }) => (
            <tr key={from}>
              <th scope="row">
                {Math.round(100 * from)}–{Math.round(100 * to)} %
              </th>
              <td className="number">{count(rows)}</td>
              <td className="number">{percent(shareRight)}</td>
              <td className="bar-column" aria-hidden="true">
                <span className="sureness">
                  <span className="bar" style={{ width: `${100 * (shareRight ?? 0)}%` }} />
                  <i style={{ left: `${100 * (meanProbability ?? 0)}%` }} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MistakeTable({ mistakes }: { mistakes: readonly Mistake[] }) {
  return (
    <table className="small-table mistake-table">
      <thead>
        <tr>
          <th scope="col">Row</th>
          <th scope="col">Actual</th>
          <th scope="col">Predicted</th>
          <th scope="col" className="number">
            Sure of it
          </th>
          <th scope="col" className="number">
            Sure of the truth
          </th>
        </tr>
      </thead>
      <tbody>
        {mistakes.map((mistake) => (
          <tr key={mistake.row}>
            <th scope="row">{count(mistake.row + 1)}</th>
            <td>{mistake.actual}</td>
            <td>{mistake.predicted}</td>
            <td className="number">{percent(mistake.probability)}</td>
            <td className="number">{percent(mistake.probabilityOfActual)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
