/** A watcher for terminals: the trial table in place, filling live; decisions scroll by above it. */
import { trialTableLines } from "../render/trial-table.ts";
import type { Picture, Watcher } from "./follow.ts";
import { progressScale, progressText } from "./run-progress.ts";
import { decisionSentence } from "./sentences.ts";
import type { TerminalRegion } from "./terminal-region.ts";

/** Redrawing more often than this only flickers, in milliseconds. */
const redrawEveryMs = 80;

export function liveWatcher(region: TerminalRegion, now: () => number = () => performance.now()): Watcher {
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = (picture: Picture) => {
    drawnAt = now();
    region.draw(["", ...trialTableLines(picture.table, progressByTrial(picture)), ""]);
  };
  return {
    decided: (decision, picture) => {
      region.print([decisionSentence(decision, picture)]);
      draw(picture);
    },
    trialEnded: (_trial, picture) => draw(picture),
    changed: (picture) => {
      const ended = picture.experiment.endedAt !== null;
      if (ended || picture.progress.size === 0 || now() - drawnAt >= redrawEveryMs) draw(picture);
    },
    reconnecting: () => region.print(["The connection broke; connecting again …"]),
  };
}

/** What each trial that trains now is doing; with several runs at once, the one that is furthest. */
export function progressByTrial(picture: Picture): ReadonlyMap<string, string> {
  const scale = progressScale(picture.experiment);
  const texts = new Map<string, string>();
  for (const trial of picture.table.trials) {
    const runs = [...picture.progress.values()].filter(({ trialId }) => trialId === trial.id).sort((a, b) => b.epoch - a.epoch);
    const [furthest] = runs;
    const others = runs.length > 1 ? ` (and ${runs.length - 1} more)` : "";
    if (furthest !== undefined) texts.set(trial.id, `${progressText(furthest, scale)}${others}`);
    else if (trial.state === "RUNNING") texts.set(trial.id, "training …");
    else if (trial.state === "PENDING") texts.set(trial.id, "waiting for a worker");
  }
  return texts;
}
