/** All commands, in groups and in the order of the help. */
import type { Command } from "../command.ts";
import { datasets } from "./datasets.ts";
import { demo } from "./demo.ts";
import { exportModel } from "./export.ts";
import { keys } from "./keys.ts";
import { list } from "./list.ts";
import { predict } from "./predict.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";
import { show } from "./show.ts";
import { trials } from "./trials.ts";
import { up } from "./up.ts";
import { watch } from "./watch.ts";
import { workers } from "./workers.ts";

export const commandGroups: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  { title: "Start", commands: [up, demo] },
  { title: "Ask", commands: [run, watch] },
  { title: "Look", commands: [list, show, trials, datasets, workers] },
  { title: "Take home", commands: [exportModel, predict, report] },
  { title: "Keys", commands: [keys] },
];
export const commands: readonly Command[] = commandGroups.flatMap((group) => group.commands);
