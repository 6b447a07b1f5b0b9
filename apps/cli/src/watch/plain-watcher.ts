/** A watcher for pipes and logs: plain lines, each said once, and now and then how far a run is. */
import { capacityText } from "@rightsize/core";
import type { Picture, Watcher } from "./follow.ts";
import { progressScale, progressText } from "./run-progress.ts";
import { decisionSentence, trialSentence } from "./sentences.ts";

/** Progress is said at most this often, in milliseconds. */
const progressEveryMs = 2000;

export function plainWatcher(print: (line: string) => void, now: () => number = () => performance.now()): Watcher {
  let saidAt = now();
  return {
    decided: (decision, picture) => print(decisionSentence(decision, picture)),
    trialEnded: (trial, picture) => {
      print(trialSentence(trial, picture));
      saidAt = now();
    },
    changed: (picture) => {
      if (picture.progress.size === 0 || now() - saidAt < progressEveryMs) return;
      saidAt = now();
      for (const line of progressLines(picture)) print(line);
    },
    reconnecting: () => print("The connection broke; connecting again …"),
  };
}

function progressLines(picture: Picture): readonly string[] {
  const scale = progressScale(picture.experiment);
  return [...picture.progress.values()].map((progress) => {
    const trial = picture.table.trials.find(({ id }) => id === progress.trialId);
    return `  ${trial === undefined ? "a run ahead of its decision" : `training ${capacityText(trial)}`}: ${progressText(progress, scale)}`;
  });
}
