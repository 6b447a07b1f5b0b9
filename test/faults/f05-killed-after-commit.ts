/** F5: kill -9 right after a result's commit, before the queue hears of it. Nothing is trained again. */
import { Client } from "pg";
import { type Fault, holdsWithin } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";

/** Tells of a run's end at its commit; only in the database of these tests. */
const tellOfEnds = `CREATE OR REPLACE FUNCTION tell_of_end() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_notify('faults', NEW.id); RETURN NULL; END $$;
  CREATE OR REPLACE TRIGGER tell_of_end AFTER UPDATE ON runs FOR EACH ROW
    WHEN (OLD.state = 'RUNNING' AND NEW.state = 'COMPLETED') EXECUTE FUNCTION tell_of_end()`;

export const f05: Fault = {
  id: "F5",
  title: "kill after a result's commit, before the queue's acknowledgement",
  runs: 3,
  async run(world, round) {
    const golden = await goldenOf(world);
    const worker = await world.startWorker();
    const listener = new Client({ connectionString: world.databaseUrl });
    await listener.connect();
    await listener.query(tellOfEnds);
    const strikeAt = 1 + (round % 4);
    const ended: string[] = [];
    let killed: Promise<void> | null = null;
    listener.on("notification", ({ payload }) => {
      ended.push(payload ?? "");
      if (ended.length === strikeAt) killed = worker.killGroup();
    });
    await listener.query("LISTEN faults");
    try {
      const id = await world.post({ epochMs: 20 });
      await holdsWithin(30_000, () => killed !== null);
      await killed;
      await world.startWorker();
      const broken = await endsLikeGolden(world, id, golden);
      const again = await world.database.rows(
        "SELECT runs.id, attempt FROM runs JOIN assignments ON assignments.id = assignment_id WHERE runs.id = ANY($1) AND attempt > 1",
        [ended.slice(0, strikeAt)],
      );
      return [...broken, ...again.map((run) => `a run with a result was trained again: ${JSON.stringify(run)}`)];
    } finally {
      await listener.query("DROP TRIGGER IF EXISTS tell_of_end ON runs");
      await listener.end();
    }
  },
};
