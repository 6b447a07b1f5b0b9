/** Our default search on one split, through the real service with one slot: what it took, and what its answer scores on the test rows. */

import type { Api } from "../../support/api.ts";
import { groupCpuSeconds } from "./processor-time.ts";
import type { OurRecord } from "./records.ts";

export interface SplitRows {
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

export interface Question {
  readonly table: string;
  readonly dataset: string;
  readonly target: string;
  readonly task: "regression" | "classification";
  readonly exclude: readonly string[];
  readonly split: number;
  readonly rows: SplitRows;
}

/** The largest network of the space that all methods share; the preset's own ceiling is one layer lower. */
const ceiling = { hiddenLayers: 5, nodesPerLayer: 512 };

/** Asks and waits; the CPU is that of the worker's process group, its trainer included. */
export async function askOurs(api: Api, workerGroup: number, question: Question): Promise<OurRecord> {
  const { table, dataset, target, task, exclude, split, rows } = question;
  const before = groupCpuSeconds(workerGroup);
  const { id } = await api.post({
    dataset,
    target,
    task,
    seed: split,
    features: { exclude: [...exclude] },
    split: { kind: "rows", training: [...rows.training], validation: [...rows.validation], test: [...rows.test] },
    search: { preset: "default", parameters: { ceiling } },
  });
  const experiment = await api.ended(id, 3_600_000);
  const cpuSeconds = groupCpuSeconds(workerGroup) - before;
  const { answer } = experiment;
  if (answer === null || answer.single === null || answer.test === null || answer.single.test === null) {
    throw new Error(`no answer on ${table}, split ${split}: ${experiment.state}, ${experiment.stateReason}`);
  }
  const { trials } = await api.trials(id);
  const text = ({ hiddenLayers, nodesPerLayer }: { hiddenLayers: number; nodesPerLayer: number }) => `${hiddenLayers}x${nodesPerLayer}`;
  const searched = trials.map((trial) => ({
    capacity: text(trial),
    losses: trial.runs.filter(({ purpose }) => purpose !== "finalise").map(({ validationLoss }) => validationLoss),
    winner: trial.winner,
  }));
  return {
    table,
    split,
    method: "ours",
    policyVersion: experiment.policyVersion,
    cpuSeconds,
    fits: searched.reduce((sum, { losses }) => sum + losses.length, 0),
    single: { val: answer.single.validation.loss, test: answer.single.test.loss },
    delivered: {
      val: answer.validation?.loss ?? null,
      test: answer.test.loss,
      members: answer.delivered.members.map(({ capacity, seed }) => ({ capacity: text(capacity), seed })),
    },
    trials: searched,
  };
}
