/** Python with onnxruntime, where a machine has it: RIGHTSIZE_PYTHON, or python3. */
import { execFileSync } from "node:child_process";

/** The interpreter, or why there is none. */
export function findPython(): { readonly python: string } | { readonly missing: string } {
  const python = process.env.RIGHTSIZE_PYTHON ?? "python3";
  try {
    execFileSync(python, ["-c", "import numpy, onnxruntime"], { stdio: "pipe" });
    return { python };
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : "";
    return { missing: `${python}: ${output || "not found"}; \`pip install onnxruntime\`, or name another interpreter in RIGHTSIZE_PYTHON` };
  }
}
