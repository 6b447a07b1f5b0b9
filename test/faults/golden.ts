/** The golden run: the same question without any fault. Its table, decisions and weights are what every other run must have. */
import { holdsWithin } from "./fault.ts";
import type { Question, World } from "./world.ts";

export interface Golden {
  readonly state: string;
  readonly trials: readonly string[];
  readonly decisions: readonly string[];
  /** SHA-256 of the weights of each run, by decision and position. */
  readonly weights: readonly string[];
}

const known = new WeakMap<World, Map<string, Promise<Golden>>>();

/** Runs the question once without a fault, with quick epochs (durations are no part of an outcome), and remembers it. */
export function goldenOf(world: World, question: Question = {}): Promise<Golden> {
  const all = known.get(world) ?? new Map<string, Promise<Golden>>();
  known.set(world, all);
  const key = JSON.stringify({ ...question, epochMs: 0 });
  const there = all.get(key);
  if (there !== undefined) return there;
  const running = (async () => {
    await world.startWorker();
    const id = await world.post({ ...question, epochMs: 1 });
    if (!(await ended(world, id, 120_000))) throw new Error("the golden run did not end");
    await world.endWorkers();
    return outcomeOf(world, id);
  })();
  all.set(key, running);
  return running;
}

/** Whether the experiment came to an end in time; read from the database, which may be away meanwhile. */
export function ended(world: World, id: string, withinMs = 90_000): Promise<boolean> {
  return holdsWithin(
    withinMs,
    async () => (await world.database.value<Date | null>("SELECT ended_at FROM experiments WHERE id = $1", [id])) !== null,
    100,
  );
}

export async function outcomeOf({ database }: World, id: string): Promise<Golden> {
  const [experiment] = await database.rows<{ state: string; answer: { capacity: unknown; validation: unknown; test: unknown } | null }>(
    "SELECT state, answer FROM experiments WHERE id = $1",
    [id],
  );
  const trials = await database.rows(
    "SELECT number, hidden_layers, nodes_per_layer, state, score, metrics::text, next_step, verdict, winner FROM trials WHERE experiment_id = $1 AND number IS NOT NULL ORDER BY number",
    [id],
  );
  const decisions = await database.rows<{ text: string }>("SELECT text FROM decisions WHERE experiment_id = $1 ORDER BY sequence", [id]);
  const weights = await database.rows(
    `SELECT decision, position, purpose, state, result->>'weightsArtifact' AS weights, result->>'epochs' AS epochs,
       (SELECT string_agg(epoch || ' ' || training_loss || ' ' || validation_loss, ',' ORDER BY epoch) FROM epochs WHERE run_id = runs.id) AS curve
     FROM runs WHERE experiment_id = $1 AND decision IS NOT NULL ORDER BY decision, position`,
    [id],
  );
  const { capacity, validation, test } = experiment?.answer ?? {};
  return {
    state: `${experiment?.state} ${JSON.stringify({ capacity, validation, test })}`,
    trials: trials.map((row) => JSON.stringify(row)),
    decisions: decisions.map(({ text }) => text),
    weights: weights.map((row) => JSON.stringify(row)),
  };
}

/** What went another way once differs in all that follows: the first differences say enough. */
const mostTold = 3;

/** In what an experiment differs from its golden run, a sentence each. */
export async function goldenDifferences(world: World, id: string, golden: Golden): Promise<readonly string[]> {
  const outcome = await outcomeOf(world, id);
  const differences: string[] = [];
  if (outcome.state !== golden.state) differences.push(`the experiment is ${outcome.state}, the golden run ${golden.state}`);
  for (const part of ["trials", "decisions", "weights"] as const) {
    const length = Math.max(outcome[part].length, golden[part].length);
    for (let index = 0; index < length; index++) {
      const [mine, theirs] = [outcome[part][index] ?? "nothing", golden[part][index] ?? "nothing"];
      if (mine !== theirs) differences.push(`${part} ${index + 1} is ${mine.slice(0, 600)}, the golden run's ${theirs.slice(0, 600)}`);
    }
  }
  if (differences.length <= mostTold) return differences;
  return [...differences.slice(0, mostTold), `and ${differences.length - mostTold} more differences`];
}
