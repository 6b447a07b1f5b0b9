/** Which process a number stands for: numbers are used again, so a number alone may name a stranger. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a process started, as text that differs between two processes that had the same number;
 * null where there is no such process (or none that is still running: zombies don't count).
 */
export function processStart(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  if (process.platform === "linux") return startFromProc(pid);
  if (process.platform === "win32") return startByWindows(pid);
  return startByPs(pid);
}

/** Whether this very process is still running. */
export function isRunning(identity) {
  return identity !== null && identity !== undefined && processStart(identity.pid) === identity.start;
}

/** The identity of a process, to be kept in a file; null where it isn't running. */
export function identify(pid) {
  const start = processStart(pid);
  return start === null ? null : { pid, start };
}

function startFromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold spaces and brackets: fields are counted from the last one. Field 3 is the state, 22 the start in clock ticks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    return `${bootId()}/${fields[19]}`;
  } catch {
    return null;
  }
}

function bootId() {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "boot";
  }
}

function startByPs(pid) {
  try {
    const answer = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [state, ...start] = answer.trim().split(/\s+/);
    return !state || state.startsWith("Z") ? null : start.join(" ");
  } catch {
    return null;
  }
}

function startByWindows(pid) {
  try {
    const query = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`;
    return (
      execFileSync("powershell", ["-NoProfile", "-Command", query], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() ||
      null
    );
  } catch {
    return null;
  }
}
