/** What became of work in memory, in figures: speculation, runs by state, pace, refused writes. */
import type { WorkStore } from "@rightsize/core";
import { noRuns } from "../rules.ts";
import { isAsked, runsWhere, type State } from "./state.ts";

type Figures = Pick<WorkStore, "speculationUse" | "runCounts" | "pace" | "staleWriteCount">;

export function memoryWorkFigures(state: State): Figures {
  return {
    async speculationUse(experimentId) {
      const use = { adoptedRuns: 0, unusedRuns: 0, adoptedMs: 0, unusedMs: 0 };
      for (const row of state.assignments.values()) {
        if (!row.speculative || (experimentId !== null && row.experimentId !== experimentId)) continue;
        for (const run of runsWhere(state, ({ assignmentId }) => assignmentId === row.id))
          use[isAsked(run) ? "adoptedRuns" : "unusedRuns"]++;
        for (const attempt of state.attempts.values().filter(({ assignmentId }) => assignmentId === row.id)) {
          const end = Math.min(
            attempt.endedAt === null ? state.now() : Date.parse(attempt.endedAt),
            row.adoptedAt ?? Number.POSITIVE_INFINITY,
          );
          use[row.adoptedAt === null ? "unusedMs" : "adoptedMs"] += Math.max(0, end - Date.parse(attempt.startedAt));
        }
      }
      return use;
    },

    async runCounts() {
      const counts = { ...noRuns };
      for (const { run } of state.runs.values()) counts[run.state]++;
      return counts;
    },

    async pace() {
      const since = state.now() - 60_000;
      const ended = state.runs.values().filter(({ run }) => run.endedAt !== null && Date.parse(run.endedAt) > since);
      const attempts = state.attempts.values();
      const gaps = attempts
        .filter(({ startedAt }) => Date.parse(startedAt) > since)
        .map((attempt) => {
          const before = attempts.filter((other) => other.workerId === attempt.workerId && other !== attempt && other.endedAt !== null);
          const ends = before.map(({ endedAt }) => Date.parse(endedAt as string)).filter((end) => end <= Date.parse(attempt.startedAt));
          return Date.parse(attempt.startedAt) - Math.max(...ends);
        })
        .filter(Number.isFinite)
        .sort((a, b) => a - b);
      return {
        epochsPerSecond: ended.reduce((sum, { run }) => sum + run.epochs, 0) / 60,
        slotGapMs: gaps.length === 0 ? null : ((gaps[(gaps.length - 1) >> 1] as number) + (gaps[gaps.length >> 1] as number)) / 2,
      };
    },

    async staleWriteCount() {
      return state.staleWrites;
    },
  };
}
