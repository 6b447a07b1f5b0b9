/** "What if": the same question under another preset, other parameters or less patience, told from stored results without training. */
import {
  canonicalText,
  capacityText,
  type Decision,
  type EpochRecord,
  type ExperimentSnapshot,
  type History,
  RightsizeError,
  type RunId,
  recipeOfRun,
} from "@rightsize/core";
import { parseSearch, readTrials, replay, type TableRow, trialTable } from "@rightsize/policy";
import { hasOutcome, policyContext, policyHistory, runsOfDecision } from "./history.ts";
import { type EarlyStopping, outcomeUnder } from "./shorter-patience.ts";

export interface WhatIf {
  /** null keeps the experiment's own. */
  readonly search: { readonly preset: string; readonly parameters: Readonly<Record<string, unknown>> } | null;
  /** Members left out keep the recipe's own. */
  readonly earlyStopping: Partial<EarlyStopping>;
}
export interface WhatIfAnswer {
  readonly rows: readonly TableRow[];
  readonly decisions: readonly Decision[];
  /** What the search would need next and nobody trained; null when it came to its end. */
  readonly missing: { readonly capacity: string; readonly runs: number; readonly sentence: string } | null;
  /** Whether every decision is the stored one. */
  readonly same: boolean;
}

/**
 * Tells an ended (or paused) experiment again. `epochsOf` gives a run's curve; it is asked for only where early stopping changes.
 * Throws `invalid_request` for a preset or parameters that can't be.
 */
export async function whatIf(
  snapshot: ExperimentSnapshot,
  change: WhatIf,
  epochsOf: (run: RunId) => Promise<readonly EpochRecord[]>,
): Promise<WhatIfAnswer> {
  const { spec, plan } = snapshot.experiment;
  const parsed = change.search === null ? ({ ok: true, search: spec.search } as const) : parseSearch(change.search);
  if (!parsed.ok) throw new RightsizeError("invalid_request", "The preset or its parameters are wrong.", { issues: parsed.issues });
  const rule = {
    patience: spec.recipe.patience,
    minDelta: spec.recipe.minDelta,
    maxEpochs: spec.recipe.maxEpochs,
    ...change.earlyStopping,
  };
  const sameRule = (["patience", "minDelta", "maxEpochs"] as const).every((name) => rule[name] === spec.recipe[name]);
  const recorded = policyHistory(endedDecisions(snapshot));
  const results = sameRule ? recorded : await underRule(snapshot, recorded, rule, epochsOf);
  const context = { ...policyContext({ ...spec, search: parsed.search }, plan), recipe: { ...spec.recipe, ...rule } };
  const told = replay(context, [results]);
  return {
    rows: trialTable(told.history),
    decisions: told.history.map(({ decision }) => decision),
    missing:
      told.missing === null
        ? null
        : {
            capacity: capacityText(told.missing.capacity),
            runs: told.missing.runs.length,
            sentence: `From here the search needs ${told.missing.runs.length} ${told.missing.runs.length === 1 ? "run" : "runs"} of ${capacityText(told.missing.capacity)} that nobody trained: ${told.missing.decision.reason}.`,
          },
    // Decisions are compared as stored: by their canonical text.
    same:
      told.history.length === recorded.length &&
      told.history.every(({ decision }, index) => canonicalText(decision) === snapshot.decisions[index]?.text),
  };
}

/** The snapshot up to the last decision whose runs have all ended with an outcome. */
function endedDecisions(snapshot: ExperimentSnapshot): ExperimentSnapshot {
  const open = snapshot.decisions.findIndex(({ sequence }) => runsOfDecision(snapshot, sequence).some(({ state }) => !hasOutcome(state)));
  return open < 0 ? snapshot : { ...snapshot, decisions: snapshot.decisions.slice(0, open) };
}

/** The recorded results under other early stopping; a run whose curve is too short to say is left out, so that it shows as missing. */
async function underRule(
  snapshot: ExperimentSnapshot,
  recorded: History,
  rule: EarlyStopping,
  epochsOf: (run: RunId) => Promise<readonly EpochRecord[]>,
): Promise<History> {
  const told: History[number][] = [];
  for (const [index, entry] of recorded.entries()) {
    const runs = runsOfDecision(snapshot, snapshot.decisions[index]?.sequence ?? 0);
    const ruleOfEntry = { ...rule, ...repairedStopping(recorded.slice(0, index + 1)) };
    const outcomes = [];
    for (const [position, outcome] of entry.outcomes.entries()) {
      const run = runs[position];
      const under = run === undefined ? null : outcomeUnder(outcome, await epochsOf(run.id), recipeOfRun(ruleOfEntry, outcome));
      if (under !== null) outcomes.push(under);
    }
    told.push({ ...entry, outcomes });
  }
  return told;
}

/** A repair (CHANGE_RECIPE) that set other epochs or patience for the trial of a history's last entry: the new rule leaves it as it was. */
function repairedStopping(history: History): Partial<EarlyStopping> {
  const decision = history.at(-1)?.decision;
  if (decision === undefined || decision.action === "START_TRIAL" || decision.action === "FINISH") return {};
  const { maxEpochs, patience } = readTrials(history)[decision.trial - 1]?.change ?? {};
  return { ...(maxEpochs === undefined ? {} : { maxEpochs }), ...(patience === undefined ? {} : { patience }) };
}
