/** Talks to the Python process of pytorch.py or keras_peer.py: one request, one answer. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { BenchCase } from "./cases.ts";

export interface Peer {
  describe(): Promise<{ readonly torch: string; readonly blas: string; readonly config: string }>;
  setUp(one: BenchCase, fused: boolean): Promise<void>;
  /** CPU seconds of each epoch. */
  epochs(count: number): Promise<readonly number[]>;
  close(): void;
}

/** Starts a Python that has what the program needs; rejects where it has not. */
export async function startPeer(python: string, program: "pytorch.py" | "keras_peer.py" = "pytorch.py"): Promise<Peer> {
  const script = fileURLToPath(new URL(program, import.meta.url));
  const environment = { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const child: ChildProcess = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"], env: environment });
  const waiting: { resolve(text: string): void; reject(error: Error): void }[] = [];
  const fail = (error: Error) => {
    for (const one of waiting.splice(0)) one.reject(error);
  };
  child.on("error", fail);
  child.on("exit", (code) => fail(new Error(`${python} ended with code ${code}`)));
  if (child.stdin === null || child.stdout === null) throw new Error("the child has no pipes");
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(line));
  const ask = async <Answer>(request: unknown): Promise<Answer> => {
    const answer = new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
    child.stdin?.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await answer) as Answer;
  };
  const peer: Peer = {
    describe: () => ask({ describe: true }),
    setUp: (one, fused) => ask({ case: one, fused }),
    epochs: (count) => ask({ epochs: count }),
    close: () => child.kill(),
  };
  await peer.describe();
  return peer;
}
