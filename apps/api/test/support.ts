/** An API on in-memory twins for the tests of its routes: real HTTP handling, real artifacts in a temporary folder, data work played. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type ApiDependencies,
  buildApp,
  createArtifactGate,
  type DataProcess,
  defaultAppSettings,
  type PredictProcess,
} from "@rightsize/api";
import { createFolderArtifacts } from "@rightsize/artifacts";
import { type ArtifactStore, type ColumnProfile, countedIds, RightsizeError, randomIds, type Store } from "@rightsize/core";
import { createExperiment, estimateExperiment } from "@rightsize/orchestrator";
import { createMemoryQueue, type MemoryQueue } from "@rightsize/queue";
import { createMemoryStore } from "@rightsize/store";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";

export interface TestApi {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly queue: MemoryQueue;
  readonly artifacts: ArtifactStore;
  readonly folder: string;
  /** Listens on a free port and gives its address. */
  listen(): Promise<string>;
  /** Every file in the artifact and upload folders, to see that nothing was left behind. */
  files(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface TestApiOptions {
  readonly settings?: Partial<ApiDependencies["settings"]>;
  readonly dataProcess?: Partial<DataProcess>;
  /** Closed by whoever made it; left out: every request for predictions finds the process unavailable. */
  readonly predictProcess?: PredictProcess;
  /** In place of the in-memory store; closed with the API. */
  readonly store?: Store;
  /** Changes the dependencies before the app is built. */
  readonly change?: (deps: ApiDependencies) => ApiDependencies;
}

export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const folder = await mkdtemp(path.join(tmpdir(), "rightsize-api-"));
  const store = options.store ?? createMemoryStore();
  const queue = createMemoryQueue();
  const artifacts = createFolderArtifacts({ folder: path.join(folder, "artifacts") });
  const ids = options.store ? randomIds : countedIds();
  const deps: ApiDependencies = {
    store,
    queue,
    artifacts,
    gate: createArtifactGate(),
    dataProcess: { ...playedDataProcess(), ...options.dataProcess },
    predictProcess: options.predictProcess ?? noPredictions,
    createExperiment: (request) => createExperiment({ store, ids }, request),
    logger: pino({ level: "silent" }),
    settings: {
      ...defaultAppSettings,
      engines: ["onnx", "scripted"],
      uploadsFolder: path.join(folder, "uploads"),
      maxEventLoopDelayMs: 0,
      eventLookMs: 100,
      ...options.settings,
    },
  };
  const app = await buildApp(options.change?.(deps) ?? deps);
  return {
    app,
    store,
    queue,
    artifacts,
    folder,
    listen: () => app.listen({ host: "127.0.0.1", port: 0 }),
    async files() {
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
    },
    async close() {
      await app.close();
      await queue.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function column(name: string, type: ColumnProfile["type"]): ColumnProfile {
  const numeric = type === "number";
  return {
    name,
    type,
    gapCount: 0,
    distinctCount: 3,
    minimum: numeric ? 0 : null,
    maximum: numeric ? 1 : null,
    mean: numeric ? 0.5 : null,
    deviation: numeric ? 0.5 : null,
    histogram: numeric ? [1, 0, 2] : [],
    examples: ["a"],
    warnings: [],
  };
}

const noPredictions: PredictProcess = {
  predict: () => Promise.reject(new RightsizeError("unavailable", "This test has no predicting process.")),
  startCount: () => 0,
  close: async () => {},
};

/** Finds a table of two numeric columns, a category and a target in every file, and plans every question about it. */
function playedDataProcess(): DataProcess {
  return {
    async readTable({ path: file, outputPath }) {
      await writeFile(outputPath, `columns of ${path.basename(file)}`);
      return {
        format: "csv",
        rowCount: 3,
        columns: [column("a", "number"), column("b", "number"), column("kind", "category"), column("y", "number")],
        warnings: [],
        suggestedTarget: "y",
        suggestedTask: "regression",
      };
    },
    async planExperiment({ outputPath, target, task }) {
      if (target === "a") throw new RightsizeError("unusable_data", "Row 7 of a is no number.");
      await writeFile(outputPath, `plan of ${target}`);
      return {
        inputs: 3,
        outputs: 1,
        trainingRows: 560,
        validationRows: 240,
        testRows: 200,
        folds: 1,
        meanPredictorLoss: [1],
        leftOut: [{ name: "name", reason: "It is an identifier." }],
        featureColumns: ["a", "b", "kind"],
        droppedRows: 0,
        classes: task === "classification" ? ["no", "yes"] : [],
        targetDeviation: 1,
        warnings: [],
      };
    },
    async readIdxPair({ outputPath, imagesPath, labelsPath }) {
      await writeFile(outputPath, `columns of ${path.basename(imagesPath)} and ${path.basename(labelsPath)}`);
      return {
        format: "idx",
        rowCount: 3,
        columns: [column("p0", "number"), column("label", "number")],
        warnings: [],
        suggestedTarget: "label",
        suggestedTask: "classification",
      };
    },
    previewRows: async ({ first, count }) => ({
      rowCount: 3,
      columns: ["a", "kind"],
      rows: [
        ["1", "x"],
        [null, "y"],
        ["4", "x"],
      ].slice(first, first + count),
    }),
    async planCurve({ outputPath, request: { folds, fractions } }) {
      await writeFile(outputPath, "plan of a curve");
      return {
        parts: fractions.flatMap((fraction) => folds.map((fold) => ({ fold, fraction, trainingRows: Math.round(560 * fraction) }))),
      };
    },
    estimateExperiment: async (question) => estimateExperiment(question),
    startCount: () => 1,
    close: async () => {},
  };
}

export const csv = "a,b,kind,y\n1,2,x,3\n2,3,y,5\n4,4,x,8\n";

/** Uploads a small table and gives its id. */
export async function uploadTable(app: FastifyInstance, content = csv): Promise<string> {
  const response = await app.inject({
    method: "POST",
    url: "/v1/datasets?name=small.csv",
    payload: content,
    headers: { "content-type": "text/csv" },
  });
  if (response.statusCode !== 201 && response.statusCode !== 200) throw new Error(`upload: ${response.statusCode} ${response.body}`);
  return response.json<{ id: string }>().id;
}

/** Posts an experiment on a freshly uploaded table and gives its id. */
export async function postExperiment(app: FastifyInstance, more: object = {}): Promise<string> {
  const dataset = await uploadTable(app);
  const response = await app.inject({
    method: "POST",
    url: "/v1/experiments",
    payload: { dataset, target: "y", engine: { name: "scripted" }, ...more },
  });
  if (response.statusCode !== 201) throw new Error(`experiment: ${response.statusCode} ${response.body}`);
  return response.json<{ id: string }>().id;
}
