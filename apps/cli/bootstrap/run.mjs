/** Runs a program for a step: output kept for the case that it fails, ended with us when we are told to stop. */
import { spawn } from "node:child_process";
import { stepFailure } from "./failure.mjs";

const running = new Set();

/** Runs a Node script. Resolves with its output; rejects with a failure that shows the end of it. */
export function runNode(step, args, options = {}) {
  return run(step, process.execPath, args, options);
}

export function run(step, command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    running.add(child);
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000);
    };
    child.stdout?.setEncoding("utf8").on("data", keep);
    child.stderr?.setEncoding("utf8").on("data", keep);
    child.once("error", (error) => {
      running.delete(child);
      reject(stepFailure(step, `${output}\n${error.message}`, error.code ?? "not started"));
    });
    child.once("close", (code, signal) => {
      running.delete(child);
      if (code === 0) resolve(output);
      else reject(stepFailure(step, output, signal ?? `exit code ${code}`));
    });
  });
}

/** Ends every program that is running for a step. */
export function stopAll() {
  for (const child of running) child.kill("SIGTERM");
}
