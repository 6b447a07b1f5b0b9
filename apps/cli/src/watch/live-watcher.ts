/** A watcher for terminals: the trial table in place, filling live; decisions scroll by above it. */
import { trialTableLines } from "../render/trial-table.ts";
import type { Picture, Watcher } from "./follow.ts";
import { decisionSentence, progressSentences } from "./sentences.ts";
import type { TerminalRegion } from "./terminal-region.ts";

/** Redrawing more often than this only flickers, in milliseconds. */
const redrawEveryMs = 80;

export function liveWatcher(region: TerminalRegion, now: () => number = () => performance.now()): Watcher {
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = (picture: Picture) => {
    drawnAt = now();
    region.draw(["", ...fittingTable(picture, region.columns()), "", ...progressSentences(picture)]);
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

/** The table as the terminal can hold it: a narrow one does without the parameters, rather than cut the next steps. */
function fittingTable(picture: Picture, columns: number): readonly string[] {
  const whole = trialTableLines(picture.table, doingByTrial(picture));
  if (whole.every((line) => [...line].length <= columns)) return whole;
  return trialTableLines(picture.table, doingByTrial(picture), { narrow: true });
}

/** What each trial without a score is doing, short enough for the table's last column. */
function doingByTrial(picture: Picture): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const trial of picture.table.trials) {
    const epochs = [...picture.progress.values()].filter(({ trialId }) => trialId === trial.id).map(({ epoch }) => epoch);
    if (epochs.length > 0) texts.set(trial.id, `training, epoch ${Math.max(...epochs)}`);
    else if (trial.state === "RUNNING") texts.set(trial.id, "training …");
    else if (trial.state === "PENDING") texts.set(trial.id, "waiting for a worker");
  }
  return texts;
}
