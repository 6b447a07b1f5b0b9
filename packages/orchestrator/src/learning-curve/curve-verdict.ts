/**
 * What would help more, rows or nodes: the last doubling of the training rows beside the best larger network of the search. A word needs
 * 95 %, as the words of the search do; gains within the band don't matter.
 */
import type { LearningCurve, LearningCurvePoint } from "@rightsize/contract";
import { studentProbability } from "@rightsize/policy";
import { percentOf } from "../estimate/estimate-sentences.ts";

/** A fall of the log validation loss (0.12: about 12 % less), its standard error, and Student's t for a 95 % interval with these degrees of freedom. */
export interface Gain {
  readonly gain: number;
  readonly error: number;
  readonly degrees: number;
  readonly t: number;
  /** The larger network; empty for rows. */
  readonly what: string;
}
export interface CurveEvidence {
  /** Fewest rows first. */
  readonly points: readonly LearningCurvePoint[];
  /** null where one of the two parts has no score. */
  readonly rows: Gain | null;
  /** null where the search tried no larger network with a score. */
  readonly nodes: Gain | null;
  readonly band: number;
}

const confidence = 0.95;

/** The verdict and its sentence, with 95 % intervals. */
export function curveVerdict(evidence: CurveEvidence): Pick<LearningCurve, "verdict" | "sentence"> {
  const { points, rows, nodes } = evidence;
  const [half, whole] = points.slice(-2);
  if (rows === null || half === undefined || whole === undefined)
    return { verdict: "undecided", sentence: "There is no doubling of rows to go by: too few rows, or a training on fewer rows diverged." };
  const verdict = wordOf(evidence);
  const by = `Training on ${count(whole.rows)} rows instead of ${count(half.rows)} took ${gainText(rows)} off the validation loss`;
  const beside =
    nodes === null
      ? "; the search tried no larger network"
      : `; a larger network, ${nodes.what}, ${nodes.gain > 0 ? `took ${gainText(nodes)} off` : `took nothing off (${intervalText(nodes)})`}`;
  return { verdict, sentence: `${by}${beside}: ${conclusions[verdict]}.` };
}

const conclusions = {
  more_rows: "more rows would help more than more nodes, though another doubling usually takes off less than the last",
  more_nodes: "more nodes would help more than more rows",
  neither: "neither more rows nor more nodes would help by much",
  undecided: "these runs can't say which would help more",
} as const satisfies Record<NonNullable<LearningCurve["verdict"]>, string>;

function wordOf({ rows, nodes, band }: CurveEvidence): NonNullable<LearningCurve["verdict"]> {
  if (rows === null) return "undecided";
  const ahead =
    nodes === null
      ? null
      : {
          ...rows,
          gain: rows.gain - nodes.gain,
          error: Math.sqrt(rows.error ** 2 + nodes.error ** 2),
          degrees: Math.min(rows.degrees, nodes.degrees),
        };
  if (above(rows, band) >= confidence && (ahead === null || above(ahead, 0) >= confidence)) return "more_rows";
  if (nodes !== null && ahead !== null && above(nodes, band) >= confidence && 1 - above(ahead, 0) >= confidence) return "more_nodes";
  if (nodes !== null && 1 - above(rows, band) >= confidence && 1 - above(nodes, band) >= confidence) return "neither";
  return "undecided";
}

/** P(true gain > limit), by Student's t around the measured one. */
function above({ gain, error, degrees }: Pick<Gain, "gain" | "error" | "degrees">, limit: number): number {
  if (error <= 0) return gain > limit ? 1 : 0;
  return studentProbability((gain - limit) / error, degrees);
}

function gainText(gain: Gain): string {
  return `${percentOf(1 - Math.exp(-gain.gain))} (${intervalText(gain)})`;
}

/** For example `95 %: 8 % to 16 %`; below 0 % the loss rose. */
function intervalText({ gain, error, t }: Gain): string {
  const at = (value: number) => signed(1 - Math.exp(-value));
  return `95 %: ${at(gain - t * error)} to ${at(gain + t * error)}`;
}

function signed(fraction: number): string {
  return fraction < 0 ? `−${percentOf(-fraction)}` : percentOf(fraction);
}

function count(rows: number): string {
  return rows.toLocaleString("en");
}
