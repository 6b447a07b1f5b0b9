/** What of a machine can change the bits of a float32 sum: its vector instructions, its platform and Node. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** For example `linux-x64 node-20.20.2 avx,avx2,avx512f,fma`; the processor's name where its instructions aren't listed. */
export function machineText(): string {
  return `${process.platform}-${process.arch} node-${process.versions.node} ${instructions()}`;
}

function instructions(): string {
  const model = cpus()[0]?.model.trim().replaceAll(/\s+/g, "_") ?? "unknown";
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    const known = line?.split(" ").filter((flag) => /^(avx|fma|amx|f16c|sse4|asimd|sve|bf16|i8mm)/.test(flag));
    return known === undefined || known.length === 0 ? model : known.sort().join(",");
  } catch {
    return model;
  }
}
