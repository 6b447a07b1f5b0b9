/** A box to draw in: what the network sees of it, and what it takes it for. A mistake can be put into it too. */
import type { ExperimentView, PredictionsView, Problem } from "@rightsize/contract";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { api, asProblem } from "../api-client.ts";
import { centred, type Grey, pixelRow } from "../digit.ts";
import { ProblemNote } from "./notes.tsx";
import { type ImageShape, Picture, rgba } from "./picture.tsx";

/** Side of the drawing in pixels, and the width of its pen. */
const side = 280;
const pen = 24;

export function DrawBox({ experiment, image, taken }: { experiment: ExperimentView; image: ImageShape; taken: Uint8Array | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef(false);
  const asked = useRef(0);
  const [seen, setSeen] = useState<Uint8Array | null>(null);
  const [answer, setAnswer] = useState<PredictionsView | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const context = () => canvas.current?.getContext("2d", { willReadFrequently: true }) ?? null;

  const ask = (pixels: Uint8Array) => {
    asked.current += 1;
    const turn = asked.current;
    setSeen(pixels);
    api.predict(experiment.id, { rows: [pixelRow(pixels, experiment.plan.featureColumns)] }).then(
      (found) => {
        if (turn !== asked.current) return;
        setAnswer(found);
        setProblem(null);
      },
      (error: unknown) => turn === asked.current && setProblem(asProblem(error)),
    );
  };
  const clear = () => {
    asked.current += 1;
    const ink = context();
    if (ink !== null) {
      ink.fillStyle = "#000";
      ink.fillRect(0, 0, side, side);
    }
    setSeen(null);
    setAnswer(null);
    setProblem(null);
  };
  const latest = useRef({ ask, clear });
  latest.current = { ask, clear };
  useEffect(() => latest.current.clear(), []);
  useEffect(() => {
    const ink = canvas.current?.getContext("2d");
    if (taken === null || !ink) return;
    latest.current.clear();
    const small = new OffscreenCanvas(image.width, image.height);
    small.getContext("2d")?.putImageData(new ImageData(rgba(taken, image), image.width, image.height), 0, 0);
    ink.imageSmoothingEnabled = false;
    ink.drawImage(small, 0, 0, side, side);
    canvas.current?.scrollIntoView({ block: "nearest" });
    latest.current.ask(taken);
  }, [taken, image]);

  const place = (event: PointerEvent<HTMLCanvasElement>) => {
    const bounds = event.currentTarget.getBoundingClientRect();
    return [((event.clientX - bounds.left) * side) / bounds.width, ((event.clientY - bounds.top) * side) / bounds.height] as const;
  };
  const begin = (event: PointerEvent<HTMLCanvasElement>) => {
    const ink = context();
    if (ink === null) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drawing.current = true;
    ink.strokeStyle = "#fff";
    ink.lineWidth = pen;
    ink.lineCap = "round";
    ink.lineJoin = "round";
    ink.beginPath();
    ink.moveTo(...place(event));
    ink.lineTo(...place(event));
    ink.stroke();
  };
  const go = (event: PointerEvent<HTMLCanvasElement>) => {
    const ink = context();
    if (!drawing.current || ink === null) return;
    ink.lineTo(...place(event));
    ink.stroke();
  };
  const end = () => {
    const ink = context();
    if (!drawing.current || ink === null) return;
    drawing.current = false;
    const { data } = ink.getImageData(0, 0, side, side);
    const pixels = new Uint8Array(side * side);
    for (let pixel = 0; pixel < pixels.length; pixel++) pixels[pixel] = data[pixel * 4] ?? 0;
    const grey: Grey = { width: side, height: side, pixels };
    const fitted = centred(grey, image.width, image.height);
    if (fitted !== null) ask(fitted);
  };
  return (
    <div className="draw">
      <div>
        <h3>Draw one yourself</h3>
        <p className="quiet">It is fitted into the middle as the images were. A mistake above goes into the box with a click.</p>
        <canvas
          ref={canvas}
          className="draw-box"
          width={side}
          height={side}
          role="img"
          aria-label={`A box to draw in, ${image.width} by ${image.height} for the network`}
          onPointerDown={begin}
          onPointerMove={go}
          onPointerUp={end}
          onPointerCancel={end}
        />
        <p>
          <button type="button" className="button" onClick={clear}>
            Clear
          </button>
        </p>
      </div>
      <div className="drawn" role="status">
        {problem !== null && <ProblemNote problem={problem} />}
        {seen === null && problem === null && <p className="plot-empty">What the network takes it for appears here.</p>}
        {seen !== null && problem === null && (
          <>
            <p className="seen">
              <Picture pixels={seen} image={image} />
              <span>
                {answer === null ? (
                  "Looking…"
                ) : (
                  <>
                    It takes this for <b className="taken-for">{String(answer.predictions[0] ?? "nothing")}</b>
                  </>
                )}
              </span>
            </p>
            {answer?.probabilities?.[0] !== undefined && <Probabilities classes={answer.classes} shares={answer.probabilities[0]} />}
          </>
        )}
      </div>
    </div>
  );
}

function Probabilities({ classes, shares }: { classes: readonly string[]; shares: readonly number[] }) {
  const shown = classes.map((name, index) => ({ name, share: shares[index] ?? 0 }));
  const most = shown.length > 12 ? [...shown].sort((a, b) => b.share - a.share).slice(0, 12) : shown;
  return (
    <dl className="probabilities">
      {most.map(({ name, share }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span className="bar" style={{ width: `${(100 * share).toFixed(1)}%` }} />
            <span>{(100 * share).toFixed(1)} %</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
