/** CPU seconds of a process group, so that times can be compared on a machine that others use too. Linux only. */
import { readdirSync, readFileSync } from "node:fs";

/** Kernel clock ticks a second; 100 on every Linux that Node runs on. */
const ticksASecond = 100;

/** User and system time of all living processes of a group, in seconds. Throws where there is no /proc. */
export function groupCpuSeconds(group: number): number {
  let ticks = 0;
  for (const process of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const fields = statOf(process);
    // man 5 proc, counted from the state (field 3): 4 is the process group, utime and stime are 13 and 14.
    if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksASecond;
}

/** The fields after the process's name, which may itself hold spaces and brackets; none when the process is gone. */
function statOf(process: string): readonly string[] {
  try {
    const text = readFileSync(`/proc/${process}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
