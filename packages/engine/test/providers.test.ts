/** Execution providers: a clear message where one is missing, and the same training within a tolerance where it is there. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** Chromium's software Vulkan device, where Debian's package is installed. */
const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

function inChild(provider: string, environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const script = fileURLToPath(new URL("support-provider-child.ts", import.meta.url));
  const child = spawnSync(process.execPath, ["--import", "tsx", "--conditions=source", script, provider], {
    env: { ...process.env, ...environment },
    encoding: "utf8",
    timeout: 110_000,
  });
  return JSON.parse(child.stdout.trim().split("\n").at(-1) ?? "{}") as Record<string, unknown>;
}

test("a missing CUDA provider says how to get it", () => {
  const answer = inChild("cuda", {});
  if (answer.code === undefined) expect(answer.difference).toBeLessThan(1e-3);
  else expect(answer).toMatchObject({ code: "engine_unavailable", detail: expect.stringContaining("--onnxruntime-node-install=cuda12") });
});
test("a missing WebGPU device says what is needed", () => {
  const answer = inChild("webgpu", { VK_ICD_FILENAMES: "/nonexistent.json", VK_DRIVER_FILES: "/nonexistent.json" });
  if (answer.code === undefined) expect(answer.difference).toBeLessThan(1e-3);
  else expect(answer).toMatchObject({ code: "engine_unavailable", detail: expect.stringContaining("Vulkan") });
});
test.skipIf(!existsSync(swiftShader))(
  "WebGPU on a software device trains the same network to 1e-5",
  ({ skip }) => {
    const answer = inChild("webgpu", { VK_ICD_FILENAMES: swiftShader, LD_LIBRARY_PATH: "/usr/lib/chromium" });
    if (answer.code === "engine_unavailable") skip(String(answer.detail));
    expect(answer.difference).toBeLessThan(1e-5);
    expect(answer).toMatchObject({ deterministic: false, device: "webgpu" });
  },
  120_000,
);
