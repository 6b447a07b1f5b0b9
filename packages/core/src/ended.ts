/** How a trial ended, in the words that the page, the terminal, the reports and the tables share. */
import type { Trial } from "./records.ts";

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
