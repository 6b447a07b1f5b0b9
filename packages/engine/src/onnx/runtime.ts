/** Loads onnxruntime-node when it is first needed, and keeps a few compiled graphs, since graphs hold no state of a run. */
import { RightsizeError } from "@rightsize/core";
import type { InferenceSession, Tensor } from "onnxruntime-node";

export type Ort = typeof import("onnxruntime-node");
export type OrtSession = InferenceSession;
export type OrtTensor = Tensor;

export const executionProviders = ["cpu", "cuda", "webgpu"] as const;
export type ExecutionProvider = (typeof executionProviders)[number];

/** What is missing where a provider can't be used, and what to do about it. */
const remedies: Readonly<Record<ExecutionProvider, string>> = {
  cpu: "onnxruntime-node carries the CPU provider on every platform; install it again.",
  cuda: "CUDA's provider libraries come with `npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12` on linux x64, with CUDA 12 and cuDNN 9 on the machine.",
  webgpu: "WebGPU needs a Vulkan, Metal or Direct3D 12 driver (VK_ICD_FILENAMES can name one on linux).",
};

let loaded: Promise<Ort> | undefined;
/** The library; throws `engine_unavailable` where it can't be loaded. */
export function loadOrt(): Promise<Ort> {
  loaded ??= import("onnxruntime-node").catch((cause: unknown) => {
    loaded = undefined;
    throw new RightsizeError("engine_unavailable", `onnxruntime-node can't be loaded: ${text(cause)}. ${remedies.cpu}`, { cause });
  });
  return loaded;
}

/** Compiled graphs by key, least recently used out first. */
export class GraphCache {
  readonly #ort: Ort;
  readonly #provider: ExecutionProvider;
  readonly #limit: number;
  readonly #sessions = new Map<string, { session: OrtSession; users: number }>();

  constructor(ort: Ort, provider: ExecutionProvider, limit = 6) {
    this.#ort = ort;
    this.#provider = provider;
    this.#limit = limit;
  }

  /** Takes a graph for use; `build` is called only where it isn't compiled yet. Give it back with `release`. */
  async take(key: string, build: () => Uint8Array): Promise<OrtSession> {
    const known = this.#sessions.get(key);
    if (known !== undefined) {
      this.#sessions.delete(key);
      this.#sessions.set(key, known);
      known.users++;
      return known.session;
    }
    const session = await createSession(this.#ort, this.#provider, build());
    const raced = this.#sessions.get(key);
    if (raced !== undefined) {
      raced.users++;
      await session.release();
      return raced.session;
    }
    this.#sessions.set(key, { session, users: 1 });
    await this.#shrink(this.#limit);
    return session;
  }
  release(key: string): void {
    const entry = this.#sessions.get(key);
    if (entry !== undefined) entry.users--;
  }
  async close(): Promise<void> {
    await this.#shrink(0);
  }

  async #shrink(limit: number): Promise<void> {
    for (const [key, { session, users }] of this.#sessions) {
      if (this.#sessions.size <= limit) return;
      if (users > 0) continue;
      this.#sessions.delete(key);
      await session.release();
    }
  }
}

async function createSession(ort: Ort, provider: ExecutionProvider, model: Uint8Array): Promise<OrtSession> {
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      logSeverityLevel: 3,
    });
  } catch (cause) {
    if (provider === "cpu") throw new RightsizeError("engine_failed", `onnxruntime refused the graph: ${text(cause)}`, { cause });
    throw new RightsizeError("engine_unavailable", `The ${provider} provider can't be used: ${text(cause)}. ${remedies[provider]}`, {
      cause,
      issues: [{ where: "engine provider", received: provider, required: remedies[provider] }],
    });
  }
}

/** What went wrong, without the full stop or the line break that some messages end with. */
const text = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)).replace(/[\s.]+$/, "");
