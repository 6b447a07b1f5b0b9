/** Where the attempts stand on the timeline: a lane a worker slot, a bar an attempt, in pixels. */
import type { PlacedAttempt } from "@rightsize/contract";

/** How an attempt came about: asked for as ever, begun early and asked for later, or begun early and not asked for (yet, or at all). */
export type TimelineKind = "asked" | "adopted" | "open" | "unused";

/** Nothing can be asked for any more once an experiment is at its end. */
export function timelineKind({ asked }: PlacedAttempt, over: boolean): TimelineKind {
  switch (asked) {
    case "before":
      return "asked";
    case "after":
      return "adopted";
    case "never":
      return over ? "unused" : "open";
    default:
      return asked satisfies never;
  }
}

export interface TimelineAttempt {
  readonly attempt: PlacedAttempt;
  readonly kind: TimelineKind;
}

export interface TimelineBar {
  readonly datum: TimelineAttempt;
  readonly x: number;
  readonly width: number;
  readonly lane: number;
  /** The work was lost or not wanted: the attempt crashed, lost its lease, failed or was cancelled, or nobody asked for it in the end. */
  readonly wasted: boolean;
}

export interface TimelineGeometry {
  readonly bars: readonly TimelineBar[];
  /** Worker of each lane; a worker that did two things at once has two. */
  readonly lanes: readonly { readonly workerId: string }[];
  readonly startMs: number;
  readonly endMs: number;
  /** Milliseconds of all attempts, and of the wasted ones. */
  readonly workMs: number;
  readonly wastedMs: number;
}

const wastedEnds: ReadonlySet<string> = new Set(["crashed", "lease_lost", "failed", "cancelled"]);
const narrowest = 2;

/** null where nothing was attempted. `nowMs` ends the attempts that go on. */
export function timelineGeometry(attempts: readonly TimelineAttempt[], width: number, nowMs: number): TimelineGeometry | null {
  const spans = attempts
    .map((datum) => ({
      datum,
      from: Date.parse(datum.attempt.startedAt),
      to: datum.attempt.endedAt === null ? nowMs : Date.parse(datum.attempt.endedAt),
      wasted: datum.kind === "unused" || (datum.attempt.end !== null && wastedEnds.has(datum.attempt.end)),
    }))
    .sort((a, b) => a.from - b.from);
  if (spans.length === 0) return null;
  const startMs = Math.min(...spans.map((span) => span.from));
  const endMs = Math.max(startMs + 1, ...spans.map((span) => span.to));
  const workers = [...new Set(spans.map((span) => span.datum.attempt.workerId))];
  const lanes: { workerId: string; freeAt: number }[] = [];
  const placed = new Map<TimelineAttempt, number>();
  for (const workerId of workers) {
    const first = lanes.length;
    for (const span of spans.filter((candidate) => candidate.datum.attempt.workerId === workerId)) {
      let lane = lanes.findIndex((candidate, index) => index >= first && candidate.freeAt <= span.from);
      if (lane < 0) lane = lanes.push({ workerId, freeAt: 0 }) - 1;
      (lanes[lane] as { freeAt: number }).freeAt = span.to;
      placed.set(span.datum, lane);
    }
  }
  const scale = width / (endMs - startMs);
  const length = (span: { from: number; to: number }) => Math.max(0, span.to - span.from);
  return {
    bars: spans.map(({ datum, from, to, wasted }) => ({
      datum,
      x: (from - startMs) * scale,
      width: Math.max(narrowest, (to - from) * scale - 1),
      lane: placed.get(datum) ?? 0,
      wasted,
    })),
    lanes: lanes.map(({ workerId }) => ({ workerId })),
    startMs,
    endMs,
    workMs: spans.reduce((sum, span) => sum + length(span), 0),
    wastedMs: spans.reduce((sum, span) => sum + (span.wasted ? length(span) : 0), 0),
  };
}
