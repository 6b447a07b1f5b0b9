/** What of an experiment must be the same however it came about, as text; and what its events may tell. */
import type { ExperimentEvent, ExperimentSnapshot, Store } from "@rightsize/core";

/** State, answer, rows, decisions, and each asked-for run with its result, weights and curve. Durations are no part of it. */
export async function outcomeText(store: Store, { experiment, trials, decisions, runs }: ExperimentSnapshot): Promise<readonly string[]> {
  const curves = await Promise.all(runs.map((run) => store.work.epochs(run.id, 0, 1000)));
  return [
    experiment.state,
    JSON.stringify(experiment.answer),
    ...trials.map(({ number, capacity, state, score, nextStep, verdict, winner, recipe }) =>
      JSON.stringify({ number, capacity, state, score, nextStep, verdict, winner, recipe }),
    ),
    ...decisions.map(({ text }) => text),
    ...runs.map((run, index) => {
      const { trainMs: _duration, ...result } = run.result ?? { trainMs: 0 };
      const curve = curves[index]?.map(({ epoch, validationLoss }) => [epoch, validationLoss]);
      const { decision, position, purpose, state, seed, fold, contentHash } = run;
      return JSON.stringify({ decision, position, purpose, state, seed, fold, contentHash, result, curve });
    }),
  ];
}

/** Runs that told no end or two, ends that were told before a start, and events about work that nobody asked for. */
export function strayEvents({ trials, runs }: ExperimentSnapshot, events: readonly ExperimentEvent[]): readonly string[] {
  const strays: string[] = [];
  const asked = new Set<unknown>([...trials, ...runs].map(({ id }) => id));
  for (const { sequence, kind, data } of events)
    for (const id of [data.runId, data.trialId])
      if (id !== undefined && !asked.has(id)) strays.push(`event ${sequence} ${kind} is about ${id}`);
  for (const run of runs) {
    const kinds = events.filter(({ data }) => data.runId === run.id).map(({ kind }) => kind);
    const ends = kinds.filter((kind) => kind === "run.ended").length;
    if (ends !== 1 || kinds.at(-1) !== "run.ended" || kinds[0] !== "run.started") strays.push(`run ${run.id} told ${kinds.join(", ")}`);
  }
  return strays;
}
