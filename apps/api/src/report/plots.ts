/** Plots as inline SVG without a script: colours come from the page's style sheet, so that they follow light, dark and paper. */
import { html, type Markup } from "./markup.ts";
import { shown } from "./numbers.ts";

type Point = readonly [x: number, y: number];
type Scale = (value: number) => number;

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
const frame: Frame = { width: 680, height: 340, left: 70, right: 14, top: 14, bottom: 44 };
const smallFrame: Frame = { width: 300, height: 190, left: 66, right: 14, top: 24, bottom: 34 };

const round = (value: number) => Math.round(value * 10) / 10;
/** Equal ends would divide by nothing. */
const apart = (from: number, to: number): readonly [number, number] => (to > from ? [from, to] : [from - 0.5, from + 0.5]);

function scaleOf(values: readonly number[], onto: Point, { log = false, pad = 0.05 } = {}): Scale {
  const through = (value: number) => (log ? Math.log10(value) : value);
  const [from, to] = apart(Math.min(...values.map(through)), Math.max(...values.map(through)));
  const room = (to - from) * pad;
  return (value) => round(onto[0] + ((through(value) - from + room) / (to - from + 2 * room)) * (onto[1] - onto[0]));
}

/** Round numbers within the values: 1, 2 or 5 times a power of ten, or powers of ten. */
function ticks(values: readonly number[], log: boolean): readonly number[] {
  const [from, to] = [Math.min(...values), Math.max(...values)];
  if (log) {
    const powers = Array.from({ length: 40 }, (_, index) => 10 ** (index - 20));
    const within = (values: readonly number[]) => values.filter((value) => value >= from && value <= to);
    const fine = within(powers.flatMap((power) => [power, 2 * power, 5 * power]));
    const inside = fine.length <= 7 ? fine : within(powers);
    if (inside.length > 1) return inside.filter((_, index) => index % Math.ceil(inside.length / 7) === 0);
  }
  if (!(to > from)) return [from];
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough) ?? rough;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

function axes(box: Frame, x: Scale, y: Scale, at: { x: readonly number[]; y: readonly number[]; xName: string; yName: string }): Markup {
  const { width, height, left, right, top, bottom } = box;
  const floor = height - bottom;
  return html`${at.y.map(
    (value) =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" text-anchor="end" x="${left - 6}" y="${y(value) + 4}">${shown(value)}</text>`,
  )}${at.x.map(
    (value) => html`<text class="tick" text-anchor="middle" x="${x(value)}" y="${floor + 16}">${shown(value)}</text>`,
  )}<line class="axis" x1="${left}" x2="${width - right}" y1="${floor}" y2="${floor}"/><text class="name" text-anchor="middle" x="${(left + width - right) / 2}" y="${height - 6}">${at.xName}</text><text class="name" text-anchor="middle" transform="translate(14 ${(top + floor) / 2}) rotate(-90)">${at.yName}</text>`;
}

const line = (points: readonly Point[]) => points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");

function picture({ width, height }: Frame, title: string, inside: Markup): Markup {
  return html`<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><title>${title}</title>${inside}</svg>`;
}

export interface CapacityPoint {
  readonly label: string;
  readonly parameterCount: number;
  readonly score: number;
  readonly deviation: number | null;
  readonly trainingScore: number | null;
  readonly winner: boolean;
}
/** Scores over parameter counts in the order of trials; bars are one deviation, hollow marks the training score. */
export function capacityPlot(points: readonly CapacityPoint[], metric: string): Markup {
  const sizes = points.map(({ parameterCount }) => parameterCount);
  const log = Math.max(...sizes) / Math.min(...sizes) > 20;
  const heights = points.flatMap(({ score, deviation, trainingScore }) => [
    score - (deviation ?? 0),
    score + (deviation ?? 0),
    ...(trainingScore === null ? [] : [trainingScore]),
  ]);
  const x = scaleOf(sizes, [frame.left, frame.width - frame.right], { log, pad: 0.08 });
  const y = scaleOf(heights, [frame.height - frame.bottom, frame.top], { pad: 0.08 });
  const path = line(points.map(({ parameterCount, score }) => [x(parameterCount), y(score)]));
  const marks = points.map(({ label, parameterCount, score, deviation, trainingScore, winner }) => {
    const [px, py] = [x(parameterCount), y(score)];
    const bar =
      deviation === null ? null : html`<line class="bar" x1="${px}" x2="${px}" y1="${y(score - deviation)}" y2="${y(score + deviation)}"/>`;
    const training = trainingScore === null ? null : html`<circle class="hollow" cx="${px}" cy="${y(trainingScore)}" r="3.5"/>`;
    const mark = html`<circle class="${winner ? "winner" : "mark"}" cx="${px}" cy="${py}" r="${winner ? 6 : 4}"><title>${label}: ${shown(score)}</title></circle>`;
    return html`${training}${bar}${mark}<text class="label" text-anchor="middle" x="${px}" y="${py - 10}">${label}</text>`;
  });
  const at = { x: ticks(sizes, log), y: ticks(heights, false), xName: "parameters", yName: metric };
  return picture(frame, `${metric} over parameter count`, html`${axes(frame, x, y, at)}<path class="path" d="${path}"/>${marks}`);
}

export interface CurvePoint {
  readonly epoch: number;
  readonly trainingLoss: number;
  readonly validationLoss: number;
}
/** One run's losses over its epochs, the best epoch marked. */
export function curvePlot(title: string, epochs: readonly CurvePoint[], bestEpoch: number): Markup {
  const losses = epochs.flatMap(({ trainingLoss, validationLoss }) => [trainingLoss, validationLoss]);
  const log = Math.min(...losses) > 0;
  const x = scaleOf(
    epochs.map(({ epoch }) => epoch),
    [smallFrame.left, smallFrame.width - smallFrame.right],
    { pad: 0 },
  );
  const y = scaleOf(losses, [smallFrame.height - smallFrame.bottom, smallFrame.top], { log });
  const path = (of: (point: CurvePoint) => number) => line(epochs.map((point) => [x(point.epoch), y(of(point))]));
  const best = epochs.find(({ epoch }) => epoch === bestEpoch);
  const numbers = epochs.map(({ epoch }) => epoch);
  const [least, largest] = [Math.min(...losses), Math.max(...losses)];
  const middle = log ? Math.sqrt(least * largest) : (least + largest) / 2;
  const at = {
    x: [numbers[0] ?? 0, numbers.at(-1) ?? 0].filter((value, index, all) => all.indexOf(value) === index),
    y: [least, middle, largest].filter((value, index, all) => all.indexOf(value) === index),
    xName: "epoch",
    yName: log ? "loss (log)" : "loss",
  };
  return picture(
    smallFrame,
    `Learning curve of ${title}`,
    html`<text class="label" x="${10}" y="14">${title}</text>${axes(smallFrame, x, y, at)}<path class="training" d="${path(({ trainingLoss }) => trainingLoss)}"/><path class="validation" d="${path(({ validationLoss }) => validationLoss)}"/>${
      best === undefined ? null : html`<circle class="winner" cx="${x(best.epoch)}" cy="${y(best.validationLoss)}" r="3.5"/>`
    }`,
  );
}

/** Predicted over actual, with the line on which every prediction would be right. */
export function scatterPlot(pairs: readonly { readonly actual: number; readonly predicted: number }[], unit: string): Markup {
  const values = pairs.flatMap(({ actual, predicted }) => [actual, predicted]);
  const square: Frame = { ...frame, width: 480, height: 440 };
  const x = scaleOf(values, [square.left, square.width - square.right]);
  const y = scaleOf(values, [square.height - square.bottom, square.top]);
  const [from, to] = [Math.min(...values), Math.max(...values)];
  const at = { x: ticks(values, false), y: ticks(values, false), xName: `${unit}, actual`, yName: "predicted" };
  const dots = pairs.map(({ actual, predicted }) => html`<circle class="dot" cx="${x(actual)}" cy="${y(predicted)}" r="2.2"/>`);
  return picture(
    square,
    `Predicted against actual ${unit}`,
    html`${axes(square, x, y, at)}<path class="right" d="${line([
      [x(from), y(from)],
      [x(to), y(to)],
    ])}"/>${dots}`,
  );
}

/** Bars of equal width, for a column's values or for residuals. */
export function histogram(counts: readonly number[], title: string): Markup {
  const tallest = Math.max(1, ...counts);
  const width = 100 / Math.max(1, counts.length);
  const bars = counts.map(
    (count, index) =>
      html`<rect class="column" x="${round(index * width)}" y="${round(28 - (count / tallest) * 28)}" width="${round(Math.max(0.5, width - 0.6))}" height="${round((count / tallest) * 28)}"/>`,
  );
  return html`<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label="${title}"><title>${title}</title>${bars}</svg>`;
}
