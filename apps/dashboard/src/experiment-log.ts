/** An experiment's log, all its lines, and in a sentence what was begun early. */
import type { LogLine, SpeculationView } from "@rightsize/contract";
import { api } from "./api-client.ts";
import { counted, duration } from "./format.ts";

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

/** What was begun early, in a sentence; empty where nothing was. */
export function speculationText({ adoptedRuns, unusedRuns, adoptedMs, unusedMs }: SpeculationView, over: boolean): string {
  if (adoptedRuns + unusedRuns === 0) return "";
  if (adoptedRuns === 0) {
    const fate = over ? `not needed (${duration(unusedMs)})` : "not asked for so far";
    return `${counted(unusedRuns, "run")} begun early ${unusedRuns === 1 ? "was" : "were"} ${fate}.`;
  }
  const saved = `${counted(adoptedRuns, "run")} begun early ${adoptedRuns === 1 ? "was" : "were"} asked for, which saved ${duration(adoptedMs)}`;
  const rest = `${counted(unusedRuns, "other")} ${over ? `${unusedRuns === 1 ? "was" : "were"} not needed (${duration(unusedMs)})` : "may still be"}`;
  return unusedRuns === 0 ? `${saved}.` : `${saved}; ${rest}.`;
}
