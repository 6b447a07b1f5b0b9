/** A trainer child that can't start tells its supervisor why, by the error's own code and with what to do. */
import { expect, test } from "vitest";

// the built trainer, a plain node process as in production; it takes over none of this runner's options
process.execArgv = [];
const { startChildTrainer } = (await import(
  new URL("../../apps/worker/dist/index.js", import.meta.url).href
)) as typeof import("@rightsize/worker");

test("a missing CUDA provider", async ({ skip }) => {
  const artifacts = { kind: "folder", folder: "unused" } as const;
  const started = await startChildTrainer({
    engines: ["onnx"],
    provider: "cuda",
    artifacts,
    checkpointEveryMs: 1000,
    keptTensorBytes: 1,
  }).then(
    (trainer) => trainer,
    (error: unknown) => error as Error,
  );
  if (!(started instanceof Error)) {
    await started.close();
    skip("this machine has CUDA");
  }
  expect(started).toMatchObject({
    code: "engine_unavailable",
    message: expect.stringMatching(/^The cuda provider can't be used: .+[^.]\. CUDA's provider libraries come with/),
    issues: [{ where: "engine provider", received: "cuda" }],
  });
});
