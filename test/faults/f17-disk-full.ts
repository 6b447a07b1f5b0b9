/** F17: the artifact folder can't be written for a while. The run is tried again and recovers. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Fault, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { untilTraining } from "./watch.ts";

const brokenMs = 6000;

export const f17: Fault = {
  id: "F17",
  title: "I/O errors of the artifact store for 6 s",
  runs: 2,
  async run(world, round) {
    const golden = await goldenOf(world);
    await world.startWorker();
    const id = await world.post({ epochMs: 40 });
    await untilTraining(world, id);
    const incoming = join(world.artifactsFolder, "incoming");
    // A file where the folder was: every write fails with ENOTDIR, for root too (permissions would not stop it).
    const away = `${incoming}-away-${round}`;
    renameSync(incoming, away);
    writeFileSync(incoming, "");
    await sleep(brokenMs);
    rmSync(incoming);
    mkdirSync(incoming, { recursive: true });
    rmSync(away, { recursive: true });
    return endsLikeGolden(world, id, golden);
  },
};
