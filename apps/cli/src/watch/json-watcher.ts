/** A watcher for programs: every message of the stream as one line of JSON. */
import type { Watcher } from "./follow.ts";

export function jsonWatcher(print: (line: string) => void): Watcher {
  return {
    received: (messages) => {
      for (const message of messages) {
        print(JSON.stringify(message.kind === "event" ? message.event : { kind: "epochs", data: message.epochs }));
      }
    },
    decided: () => {},
    trialEnded: () => {},
    changed: () => {},
    reconnecting: () => {},
  };
}
