/** Predictions outside the API's event loop: a warm child that keeps the models it used last. */
import { type ChildLimits, startWarmChild } from "../child-process/warm-child.ts";
import type { PredictAnswer, PredictRequestMessage } from "./protocol.ts";

export interface PredictProcess {
  /** Throws `malformed_request`, `invalid_request`, `unreadable_data`, `too_large`, `artifact_corrupt`, `unavailable`. */
  predict(request: PredictRequestMessage): Promise<PredictAnswer>;
  /** Child processes started so far; the first starts with the first request. */
  startCount(): number;
  close(): Promise<void>;
}

export function createPredictProcess(limits: ChildLimits): PredictProcess {
  const child = startWarmChild<PredictRequestMessage, PredictAnswer>({
    ...limits,
    module: new URL("./child", import.meta.url),
    startNow: false,
    words: {
      process: "the predicting process",
      work: "Predicting for these rows",
      input: "the body",
      crowded: "Too many predictions are waiting.",
    },
  });
  return { predict: (request) => child.ask(request), startCount: () => child.startCount(), close: () => child.close() };
}
