/** The stand-in's log and attempts of an experiment, and its estimate before one: in the contract's shapes, with a lost lease and work that began early. */
import {
  type AttemptList,
  type AttemptView,
  attemptListSchema,
  type ExperimentEstimate,
  type ExperimentLog,
  experimentEstimateSchema,
  experimentLogSchema,
  type LearningCurve,
  type LogLine,
  learningCurveSchema,
  type PlacedAttempt,
} from "@rightsize/contract";
import type { Stage } from "./stage.ts";

/** Every attempt; the second began before it was asked for, and one more that nobody asked for was cancelled. */
export function attemptsOf(stage: Stage, workerId: string | undefined): AttemptList {
  const { experiment, trials } = stage;
  const place = { machine: "atelier", device: "cpu, 4 cores" };
  const attempts = trials.flatMap((trial) =>
    stage.attempts(trial, workerId).map(
      (attempt): PlacedAttempt => ({
        ...attempt,
        ...place,
        trial: trial.number,
        capacity: { hiddenLayers: trial.hiddenLayers, nodesPerLayer: trial.nodesPerLayer },
        runIds: [attempt.assignmentId.slice(4)],
        asked: trial.number === 3 ? "after" : "before",
      }),
    ),
  );
  const last = attempts.at(-1);
  const early =
    last === undefined ? [] : [{ ...last, assignmentId: "asg_early", trial: null, runIds: [], end: "cancelled", asked: "never" }];
  return attemptListSchema.parse({ experimentId: experiment.id, attempts: [...attempts, ...early] });
}

export function logOf(stage: Stage, workerId: string | undefined, after: number): ExperimentLog {
  const { experiment, trials, events } = stage;
  const lines: LogLine[] = [];
  const add = (line: Partial<LogLine> & Pick<LogLine, "kind" | "message">, attempt: AttemptView | null = null) =>
    lines.push({
      sequence: lines.length + 1,
      time: attempt?.startedAt ?? experiment.createdAt,
      level: "info",
      trial: null,
      runId: null,
      ...line,
      attempt: attempt === null ? null : { ...attempt, machine: "atelier", device: "cpu, 4 cores" },
    });
  for (const event of events.filter(({ kind }) => kind === "decision.made" || kind === "experiment.state"))
    add({ kind: event.kind, message: String(event.data.reason ?? event.data.state), time: event.createdAt });
  for (const trial of trials) {
    for (const attempt of stage.attempts(trial, workerId)) {
      const runId = attempt.assignmentId.slice(4);
      const lost = attempt.end === "lease_lost";
      add({ kind: "run.started", message: `A run of trial ${trial.number} begins on atelier.`, trial: trial.number, runId }, attempt);
      if (lost)
        add(
          {
            kind: "run.requeued",
            level: "warn",
            message: "The worker was not heard of: the run is trained again.",
            trial: trial.number,
            runId,
          },
          attempt,
        );
    }
  }
  return experimentLogSchema.parse({
    experimentId: experiment.id,
    lines: lines.filter(({ sequence }) => sequence > after),
    last: lines.length,
    more: false,
  });
}

/** A curve over rows that gains a point with every reading, as if runs ended meanwhile. */
export function learningCurveOf({ experiment }: Stage, curveExperimentId: string, read: number): LearningCurve {
  const rows = experiment.plan.trainingRows;
  const done = read >= 4;
  const points = [0.125, 0.25, 0.5, 1].map((fraction, index) => ({
    rows: Math.round(rows * fraction),
    fraction,
    validationLoss: index < read ? 0.5 / (1 + index) ** 0.4 : null,
    deviation: index < read ? 0.06 / (1 + index) : null,
    runs: index < read ? 3 : 0,
    wanted: 3,
    reused: index === 3 && done ? 3 : 0,
  }));
  return learningCurveSchema.parse({
    experimentId: experiment.id,
    curveExperimentId,
    state: done ? "SUCCEEDED" : "RUNNING",
    stateReason: null,
    capacity: experiment.answer?.capacity ?? { hiddenLayers: 1, nodesPerLayer: 100 },
    points,
    verdict: done ? "more_rows" : null,
    sentence: done ? "Twice the rows would lower its loss by about 9 % (5 to 13 %), more than any larger size did: bring more rows." : null,
  });
}

export function estimateOf(plan: Stage["experiment"]["plan"]): ExperimentEstimate {
  const range = (expected: number) => ({ low: expected * 0.7, expected, high: expected * 1.9 });
  const source = { kind: "default", runs: 0, sentence: "Nothing of this kind was trained here yet: measured elsewhere." } as const;
  return experimentEstimateSchema.parse({
    dryRun: true,
    sentence: "About 40 s.",
    trials: range(7),
    runs: range(20),
    cpuSeconds: range(95),
    wallSeconds: range(41),
    slots: 4,
    largestNetwork: { capacity: { hiddenLayers: 3, nodesPerLayer: 512 }, parameterCount: 530_945 },
    memoryBytes: { perSlot: 210_000_000, tensors: 43_000 },
    detectableGap: {
      runs: range(0.02),
      rows: 0.09,
      tested: true,
      sentence:
        "Two sizes whose losses lie less than 2 % apart will look alike: 128 validation rows and 3 runs a size can't tell them apart.",
    },
    endedByLimit: null,
    sources: {
      searches: { played: 200, sentence: "200 searches were played over made-up losses." },
      epochs: source,
      speed: source,
      noise: source,
    },
    plan,
    warnings: ["Only 128 rows validate: a score may move by 9 % by the choice of rows alone."],
  });
}
