/** F1: kill -9 of a worker and its trainer at a random moment. At most one checkpoint interval is trained again. */
import { type Fault, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { checkpointMs } from "./world.ts";

const epochMs = 15;
const question = { epochs: 40, epochMs };
/** One interval between checkpoints, and what was under way when the kill came. */
const mostEpochsAgain = Math.ceil(checkpointMs / epochMs) + 3;

export const f01: Fault = {
  id: "F1",
  title: "kill -9 of a worker at a random moment",
  runs: 20,
  async run(world, round) {
    // Every fifth round trains a real network, whose weights must be the same to the bit.
    const asked = round % 5 === 4 ? { engine: "onnx" as const } : question;
    const golden = await goldenOf(world, asked);
    const worker = await world.startWorker();
    const other = world.startWorker();
    const id = await world.post(asked);
    await sleep(Math.random() * 3000);
    const before = await world.database.rows<{ id: string; epochs: number; attempt: number }>(
      `SELECT runs.id, epochs, attempt FROM runs JOIN assignments ON assignments.id = assignment_id
       WHERE runs.experiment_id = $1 AND runs.state = 'RUNNING' AND purpose <> 'finalise'`,
      [id],
    );
    await worker.killGroup();
    await other;
    const broken = await endsLikeGolden(world, id, golden);
    return [...broken, ...(asked === question ? await trainedAgain(before) : [])];

    async function trainedAgain(runs: typeof before): Promise<readonly string[]> {
      const found: string[] = [];
      for (const run of runs) {
        const from = await world.database.value<number | null>("SELECT min(epoch) FROM epochs WHERE run_id = $1 AND attempt > $2", [
          run.id,
          run.attempt,
        ]);
        const again = from === null ? 0 : run.epochs - from + 1;
        if (again > mostEpochsAgain) found.push(`${again} epochs were trained again; one interval is ${mostEpochsAgain}`);
      }
      return found;
    }
  },
};
