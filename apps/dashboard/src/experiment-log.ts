/** An experiment's log: all its lines, and the attempts in it for the timeline. */
import type { LogLine, SpeculationView, TrialView } from "@rightsize/contract";
import { capacityText } from "@rightsize/core";
import { api } from "./api-client.ts";
import { counted, duration } from "./format.ts";
import type { TimelineAttempt } from "./plots/timeline-geometry.ts";

/** Most lines that the page reads: a day-long search has fewer. */
const mostLines = 20_000;

/** Every line after those that are known, in order. */
export async function readLog(id: string, known: readonly LogLine[] = []): Promise<readonly LogLine[]> {
  const lines = [...known];
  for (;;) {
    const page = await api.log(id, lines.at(-1)?.sequence ?? 0);
    lines.push(...page.lines);
    if (!page.more || page.lines.length === 0 || lines.length >= mostLines) return lines;
  }
}

/** Each attempt once, whichever runs it was about. What stands in no row of the table was begun before anybody asked for it. */
export function timelineAttempts(lines: readonly LogLine[], trials: readonly TrialView[], over: boolean): readonly TimelineAttempt[] {
  const labels = new Map(trials.flatMap((trial) => trial.runs.map((run) => [run.id, capacityText(trial)] as const)));
  const found = new Map<string, TimelineAttempt>();
  for (const { attempt, runId, trial, kind } of lines) {
    if (attempt === null) continue;
    const name = `${attempt.assignmentId} ${attempt.number}`;
    const label = runId === null ? undefined : labels.get(runId);
    const begun = kind === "run.started";
    const known = found.get(name);
    found.set(name, {
      attempt,
      machine: attempt.machine ?? attempt.workerId,
      label: label ?? known?.label ?? "early",
      speculative: (begun && trial === null) || (known?.speculative ?? false),
      unused: over && label === undefined && (known?.unused ?? true),
    });
  }
  return [...found.values()];
}

/** What was begun early, in a sentence; empty where nothing was. */
export function speculationText({ adoptedRuns, unusedRuns, adoptedMs, unusedMs }: SpeculationView, over: boolean): string {
  if (adoptedRuns + unusedRuns === 0) return "";
  const saved = `${counted(adoptedRuns, "run")} begun early ${adoptedRuns === 1 ? "was" : "were"} asked for, which saved ${duration(adoptedMs)}`;
  const rest = `${counted(unusedRuns, "other")} ${over ? `${unusedRuns === 1 ? "was" : "were"} not needed (${duration(unusedMs)})` : "may still be"}`;
  return unusedRuns === 0 ? `${saved}.` : `${saved}; ${rest}.`;
}
