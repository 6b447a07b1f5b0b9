/** The state machines of experiments, trials and runs. Only the store changes a state, by compare-and-set along these tables. */

export const experimentStates = ["QUEUED", "RUNNING", "PAUSED", "SUCCEEDED", "FAILED", "CANCELLED"] as const;
export type ExperimentState = (typeof experimentStates)[number];
export const trialStates = ["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"] as const;
export type TrialState = (typeof trialStates)[number];
export const runStates = ["QUEUED", "RUNNING", "COMPLETED", "DIVERGED", "STOPPED", "FAILED", "CANCELLED"] as const;
export type RunState = (typeof runStates)[number];

type Table<State extends string> = Readonly<Record<State, readonly State[]>>;

export const experimentLifecycle: Table<ExperimentState> = {
  QUEUED: ["RUNNING", "PAUSED", "FAILED", "CANCELLED"],
  RUNNING: ["PAUSED", "SUCCEEDED", "FAILED", "CANCELLED"],
  PAUSED: ["RUNNING", "FAILED", "CANCELLED"],
  SUCCEEDED: [],
  FAILED: [],
  CANCELLED: [],
};
/** COMPLETED → RUNNING is ADD_RUNS reopening a trial. */
export const trialLifecycle: Table<TrialState> = {
  PENDING: ["RUNNING", "FAILED", "CANCELLED"],
  RUNNING: ["COMPLETED", "FAILED", "CANCELLED"],
  COMPLETED: ["RUNNING"],
  FAILED: [],
  CANCELLED: [],
};
/** RUNNING → QUEUED is a lost or released lease: the run is trained again. STOPPED is the end by a limit on time of its experiment. */
export const runLifecycle: Table<RunState> = {
  QUEUED: ["RUNNING", "STOPPED", "FAILED", "CANCELLED"],
  RUNNING: ["QUEUED", "COMPLETED", "DIVERGED", "STOPPED", "FAILED", "CANCELLED"],
  COMPLETED: [],
  DIVERGED: [],
  STOPPED: [],
  FAILED: [],
  CANCELLED: [],
};

const lifecycles = { experiment: experimentLifecycle, trial: trialLifecycle, run: runLifecycle };
type States = { experiment: ExperimentState; trial: TrialState; run: RunState };

/** Whether the table allows a change of state. */
export function mayBecome<What extends keyof States>(what: What, from: States[What], to: States[What]): boolean {
  const table = lifecycles[what] as unknown as Table<States[What]>;
  return table[from].includes(to);
}

/** The states from which a given state may be reached: the `WHERE state IN (…)` of a compare-and-set. */
export function statesBefore<What extends keyof States>(what: What, to: States[What]): States[What][] {
  const table = lifecycles[what] as unknown as Table<States[What]>;
  return (Object.keys(table) as States[What][]).filter((from) => table[from].includes(to));
}

/** Whether nothing follows a state. */
export function isTerminal<What extends keyof States>(what: What, state: States[What]): boolean {
  if (what === "trial") return state !== "PENDING" && state !== "RUNNING";
  const table = lifecycles[what] as unknown as Table<States[What]>;
  return table[state].length === 0;
}
