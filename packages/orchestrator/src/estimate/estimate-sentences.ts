/** An estimate as sentences for a person. */
import type { EstimateRange, ExperimentEstimate } from "@rightsize/contract";
import { capacityText, type ExperimentPlan } from "@rightsize/core";

type Gap = Omit<ExperimentEstimate["detectableGap"], "sentence">;

export function estimateSentence(
  estimate: Pick<ExperimentEstimate, "trials" | "runs" | "cpuSeconds" | "wallSeconds" | "slots" | "largestNetwork" | "detectableGap">,
): string {
  const { trials, runs, cpuSeconds, wallSeconds, slots, largestNetwork, detectableGap } = estimate;
  const on = slots === 0 ? "on one slot (there is none now)" : slots === 1 ? "on the one slot there is" : `on the ${slots} slots there are`;
  return (
    `About ${countsText(trials, "trial", "trials")} and ${countsText(runs, "run", "runs")}, ${timesText(cpuSeconds)} of training, ` +
    `done in ${timesText(wallSeconds)} ${on}; the largest network is ${capacityText(largestNetwork.capacity)} at most. ${detectableGap.sentence}`
  );
}

/** What will not be seen, by the runs and by the rows. */
export function gapSentence(
  { runs, rows, tested }: Gap,
  { validationRows, folds }: Pick<ExperimentPlan, "validationRows" | "folds">,
): string {
  const many = folds > 1 ? `${folds} × ${validationRows.toLocaleString("en")}` : validationRows.toLocaleString("en");
  const byRuns = tested
    ? `Differences in validation loss under about ${percentOf(runs.expected)} will be ties or undecided`
    : `This preset doesn't test differences: with its fits, those under about ${percentOf(runs.expected)} are no more than chance`;
  return `${byRuns}; with ${many} validation ${validationRows === 1 ? "row" : "rows"}, differences under ${percentOf(rows)} may not hold on new rows.`;
}

/** For example `6 %`, `0.8 %`. */
export function percentOf(fraction: number): string {
  const percent = 100 * fraction;
  return `${percent >= 9.5 ? Math.round(percent) : Number(percent.toPrecision(percent < 1 ? 1 : 2))} %`;
}

function countsText({ low, expected, high }: EstimateRange, one: string, many: string): string {
  const word = Math.round(expected) === 1 ? one : many;
  return low === high ? `${expected} ${word}` : `${expected} ${word} (${low}–${high})`;
}

function timesText({ low, expected, high }: EstimateRange): string {
  return `${durationText(expected)} (${durationText(low)}–${durationText(high)})`;
}

/** For example `3 s`, `2 min`, `1.5 h`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Number((seconds / 3600).toPrecision(2))} h` : `${Math.round(seconds / 86_400)} days`;
}
