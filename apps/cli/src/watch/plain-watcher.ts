/** A watcher for pipes and logs: plain lines, each said once, and now and then how far a run is. */
import type { Watcher } from "./follow.ts";
import { decisionSentence, progressSentences, trialSentence } from "./sentences.ts";

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
      for (const line of progressSentences(picture)) print(`  ${line}`);
    },
    reconnecting: () => print("The connection broke; connecting again …"),
  };
}
