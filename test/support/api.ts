/** What service tests do over real HTTP: upload, post, wait, read. */
import type { DatasetView, DecisionList, ExperimentRequest, ExperimentView, TrialTable } from "@rightsize/contract";

export interface Api {
  upload(name: string, bytes: Uint8Array | string): Promise<DatasetView>;
  post(request: ExperimentRequest): Promise<ExperimentView>;
  experiment(id: string): Promise<ExperimentView>;
  /** Polls until the experiment is at an end. */
  ended(id: string, withinMs?: number): Promise<ExperimentView>;
  /** Polls until the condition holds of the experiment's table. */
  until(id: string, holds: (table: TrialTable) => boolean, withinMs?: number): Promise<TrialTable>;
  trials(id: string): Promise<TrialTable>;
  decisions(id: string): Promise<DecisionList>;
  text(path: string, accept: string): Promise<string>;
  /** The answer to any request, as it comes. */
  raw(path: string, init?: RequestInit): Promise<Response>;
}

export function apiAt(url: string): Api {
  const json = async <Value>(path: string, init?: RequestInit): Promise<Value> => {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${init?.method ?? "GET"} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as Value;
  };
  const poll = async <Value>(read: () => Promise<Value>, holds: (value: Value) => boolean, withinMs: number): Promise<Value> => {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const value = await read();
      if (holds(value)) return value;
      if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${JSON.stringify(value, null, 1).slice(0, 3000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const experiment = (id: string) => json<ExperimentView>(`/v1/experiments/${id}`);
  const trials = (id: string) => json<TrialTable>(`/v1/experiments/${id}/trials`);
  return {
    upload: (name, bytes) =>
      json(`/v1/datasets?name=${encodeURIComponent(name)}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: bytes as BodyInit,
      }),
    post: (request) =>
      json("/v1/experiments", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request) }),
    experiment,
    ended: (id, withinMs = 120_000) =>
      poll(
        () => experiment(id),
        ({ endedAt }) => endedAt !== null,
        withinMs,
      ),
    until: (id, holds, withinMs = 60_000) => poll(() => trials(id), holds, withinMs),
    trials,
    decisions: (id) => json(`/v1/experiments/${id}/decisions`),
    text: async (path, accept) => (await fetch(`${url}${path}`, { headers: { accept } })).text(),
    raw: (path, init) => fetch(`${url}${path}`, init),
  };
}

/** The trial table as rows `1×100 5.4 INCREASE_CAPACITY`. */
export function rowsOf(table: TrialTable): string[] {
  return table.trials.map(({ hiddenLayers, nodesPerLayer, score, nextStep }) => `${hiddenLayers}×${nodesPerLayer} ${score} ${nextStep}`);
}

/** A small table with a clear answer, for experiments whose engine is scripted: the data only has to be there. */
export function smallTable(rows = 60): string {
  const lines = Array.from({ length: rows }, (_, row) => `${row % 7},${(row * 13) % 11},${(row % 7) + 2 * ((row * 13) % 11)}`);
  return ["a,b,y", ...lines].join("\n");
}
