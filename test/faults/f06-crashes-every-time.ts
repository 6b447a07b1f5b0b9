/** F6: a run that crashes its worker every time. A limit ends it as FAILED with the reason; the rows before stay. */
import { rowsOf } from "../support/api.ts";
import { courseScores, courseTable } from "../support/examples.ts";
import type { Fault } from "./fault.ts";
import { endsLikeGolden } from "./verdict.ts";

export const f06: Fault = {
  id: "F6",
  title: "a run that crashes its worker every time",
  runs: 2,
  async run(world) {
    await world.startWorker();
    const runs = courseScores.map((run) => (run.capacity.hiddenLayers === 2 ? { ...run, fails: "crashes" as const } : run));
    const id = await world.post({ runs, epochs: 2, epochMs: 1 });
    const broken = await endsLikeGolden(world, id, null);
    const experiment = await world.api.experiment(id);
    const rows = rowsOf(await world.api.trials(id)).slice(0, 2);
    const attempts = await world.database.value<number>("SELECT max(attempt) FROM assignments WHERE experiment_id = $1", [id]);
    return [
      ...broken,
      ...(experiment.state === "FAILED" ? [] : [`the experiment is ${experiment.state}`]),
      ...(/exit code 13/.test(experiment.stateReason ?? "") ? [] : [`the reason is not told: ${experiment.stateReason}`]),
      ...(JSON.stringify(rows) === JSON.stringify(courseTable.slice(0, 2)) ? [] : [`the rows before are ${rows.join("; ")}`]),
      ...(attempts === 5 ? [] : [`it was tried ${attempts} times; the limit is 5`]),
    ];
  },
};
