/** How a trial or a search ended, in the words that the page, the terminal, the reports and the tables share. */
import type { Answer, Trial } from "./records.ts";

/** What stands in place of a score that a trial doesn't have; empty where it has one, and while one may come. */
export function trialRemark({ state, score, verdict }: Pick<Trial, "state" | "score" | "verdict">): string {
  if (score !== null) return "";
  switch (state) {
    case "PENDING":
    case "RUNNING":
      return "";
    case "COMPLETED":
      return "diverged";
    case "FAILED":
      return "failed";
    case "CANCELLED":
      return verdict === "stopped" ? "stopped by a limit" : "cancelled";
    default:
      return state satisfies never;
  }
}

/** Whether a limit of the experiment ended its search: then the answer is the best so far, not the right size. */
export function endedByLimit(answer: Pick<Answer, "verdict"> | null): boolean {
  return answer?.verdict === "limit";
}

/** What stands before the answer's size. */
export function sizeHeading(answer: Pick<Answer, "verdict">): string {
  return endedByLimit(answer) ? "The best size so far, when the limit was reached" : "The right size";
}
