/** A database with a long past: 100 experiments of 100 trials with 60 epochs each, and one run of 20,000 epochs. Written by SQL. */
import { Client } from "pg";
import { examplePlan, exampleSpec } from "../../support/examples.ts";

export const filled = { experiments: 100, trialsEach: 100, epochsEach: 60, longRun: 20_000 } as const;

export const idOf = (prefix: "exp" | "tri" | "run" | "asg", number: number) => `${prefix}_${number.toString(16).padStart(32, "0")}`;

const result = {
  ...{ validationLoss: 0.25, trainingLoss: 0.2, metrics: { meanSquaredError: 12.5, meanAbsoluteError: 2.5, r2: 0.75 } },
  ...{ epochs: filled.epochsEach, bestEpoch: 50, capped: false, diagnostics: null, cost: 1e6, trainMs: 1000, reason: null },
};

/** Trial n belongs to experiment ⌊n / trialsEach⌋; its run and assignment have its number. Trial 0's run is the long one. */
export async function fillDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { experiments, trialsEach, epochsEach, longRun } = filled;
  const id = (prefix: string, number: string) => `'${prefix}_' || lpad(to_hex(${number}), 32, '0')`;
  try {
    await client.query(
      `INSERT INTO experiments (id, owner, spec, plan, policy_version, state, started_at, ended_at, engine_fingerprint)
       SELECT ${id("exp", "e")}, 'local', $1::json, $2::json, 'course@1', 'SUCCEEDED', now(), now(), 'scripted-1'
       FROM generate_series(0, ${experiments - 1}) AS e`,
      [JSON.stringify(exampleSpec()), JSON.stringify(examplePlan())],
    );
    const trials = `generate_series(0, ${experiments * trialsEach - 1}) AS t`;
    await client.query(
      `INSERT INTO trials (id, experiment_id, number, hidden_layers, nodes_per_layer, parameter_count, state, speculative, score, metrics, next_step, recipe)
       SELECT ${id("tri", "t")}, ${id("exp", `t / ${trialsEach}`)}, t % ${trialsEach} + 1, 1, t % ${trialsEach} + 1, 1000, 'COMPLETED', false,
         0.5, '{"meanSquaredError":12.5}', 'INCREASE_CAPACITY', $1::json FROM ${trials}`,
      [JSON.stringify(exampleSpec().recipe)],
    );
    await client.query(
      `INSERT INTO assignments (id, experiment_id, trial_id, priority, state, attempt)
       SELECT ${id("asg", "t")}, ${id("exp", `t / ${trialsEach}`)}, ${id("tri", "t")}, 10, 'COMPLETED', 1 FROM ${trials}`,
    );
    await client.query(
      `INSERT INTO runs (id, experiment_id, trial_id, assignment_id, content_hash, purpose, seed, fold, learning_rate, decision, position,
         state, result, epochs, ended_by, started_at, ended_at)
       SELECT ${id("run", "t")}, ${id("exp", `t / ${trialsEach}`)}, ${id("tri", "t")}, ${id("asg", "t")}, md5(t::text), 'fit', 0, 0, 0.001,
         t % ${trialsEach} + 1, 0, 'COMPLETED', $1::json, ${epochsEach}, 1, now(), now() FROM ${trials}`,
      [JSON.stringify(result)],
    );
    const epoch = "1.0 / e, 1.1 / e, 0.001, '{\"meanSquaredError\":12.5}'";
    const columns = "run_id, epoch, attempt, training_loss, validation_loss, learning_rate, metrics";
    await client.query(
      `INSERT INTO epochs (${columns}) SELECT ${id("run", "t")}, e, 1, ${epoch} FROM ${trials}, generate_series(1, ${epochsEach}) AS e`,
    );
    await client.query(
      `INSERT INTO epochs (${columns}) SELECT ${id("run", "0")}, e, 1, ${epoch} FROM generate_series(${epochsEach + 1}, ${longRun}) AS e`,
    );
    // As a database is that was not filled a moment ago.
    await client.query("VACUUM ANALYZE");
  } finally {
    await client.end();
  }
}
