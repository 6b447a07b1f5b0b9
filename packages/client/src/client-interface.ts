/** What the client offers: one method for each thing that the API does, and what its methods take. */
import type {
  AttemptList,
  DatasetRows,
  DatasetView,
  DecisionList,
  EpochList,
  Evaluation,
  ExperimentEstimate,
  ExperimentItem,
  ExperimentLog,
  ExperimentRequest,
  ExperimentView,
  KeyRequest,
  KeyView,
  LearningCurve,
  NewKeyView,
  PredictionsView,
  PredictRequest,
  Readiness,
  ReplayRequest,
  ReplayView,
  ServiceTopic,
  TrialDetail,
  TrialTable,
  UploadOptions,
  WorkerView,
} from "@rightsize/contract";
import type { ExperimentState } from "@rightsize/core";
import type { ServiceMessage, StreamMessage } from "./events.ts";

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Of the next page; null on the last one. */
  readonly cursor: string | null;
}

export interface PageOptions {
  /** 1 to 200; 50 when left out. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface ExperimentListOptions extends PageOptions {
  /** Words that must all occur in the name, target, preset or ids. */
  readonly search?: string;
  readonly states?: readonly ExperimentState[];
}

/** A table to upload: its bytes as they are, and how a CSV file is written where that shouldn't be guessed. */
export interface UploadedFile extends Omit<UploadOptions, "name"> {
  readonly name: string;
  readonly bytes: Blob;
}

/** Images and their labels, two IDX files, plain or gzipped. */
export interface UploadedImages {
  readonly name: string;
  readonly images: Blob;
  readonly labels: Blob;
}

export interface CreateOptions {
  /** The same key with the same request gives the first one's experiment; left out: a new one, so that a retry after a broken connection is harmless. */
  readonly idempotencyKey?: string;
}

/** Rows to predict for: as values, or as a file holds them. */
export type RowsBody = PredictRequest | { readonly type: "text/csv" | "application/json"; readonly rows: Blob };

export interface EventOptions {
  readonly signal?: AbortSignal;
  /** Start after this event; 0 is from the beginning. */
  readonly afterSequence?: number;
  /** Called when the connection broke and is made again. */
  readonly onReconnect?: () => void;
}

export interface ServiceEventOptions extends Pick<EventOptions, "signal" | "onReconnect"> {
  /** Left out: everything. */
  readonly topics?: readonly ServiceTopic[];
}

export interface ModelBytes {
  /** The bundle, a zip file, as it streams in. */
  readonly bytes: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Of the bytes, as the service names it: compare when they are there. */
  readonly sha256: string | null;
}

/** Every method rejects with a RequestRefused, a ServiceUnreachable or an AnswerNotUnderstood, or with the reason of an aborted signal. */
export interface Client {
  readonly url: string;
  /** The same bytes again are the same dataset. */
  uploadDataset(file: UploadedFile): Promise<DatasetView>;
  uploadImages(files: UploadedImages): Promise<DatasetView>;
  dataset(id: string): Promise<DatasetView>;
  datasets(options?: PageOptions): Promise<Page<DatasetView>>;
  /** Some rows as text, as they were understood; the first is row 0. */
  datasetRows(id: string, options?: { readonly offset?: number; readonly limit?: number }): Promise<DatasetRows>;
  /** Who uses it, newest first. */
  datasetExperiments(id: string, options?: PageOptions): Promise<Page<ExperimentItem>>;
  deleteDataset(id: string): Promise<void>;

  createExperiment(request: ExperimentRequest, options?: CreateOptions): Promise<ExperimentView>;
  /** What an experiment would take and which differences its data can show, after the same checks; nothing is created. */
  estimateExperiment(request: ExperimentRequest): Promise<ExperimentEstimate>;
  experiment(id: string): Promise<ExperimentView>;
  /** Newest first, each with its table in a line. */
  experiments(options?: ExperimentListOptions): Promise<Page<ExperimentItem>>;
  pauseExperiment(id: string): Promise<ExperimentView>;
  resumeExperiment(id: string): Promise<ExperimentView>;
  cancelExperiment(id: string): Promise<ExperimentView>;
  deleteExperiment(id: string): Promise<void>;
  /** Batches of an experiment's events, live, without a gap over broken connections. Ends when nothing follows or `signal` aborts. */
  events(id: string, options?: EventOptions): AsyncGenerator<readonly StreamMessage[], void, void>;
  /** Resolves when the experiment is at its end, whichever it is: look at `state`. `onMessages` sees the events meanwhile. */
  waitUntilEnded(
    id: string,
    options?: EventOptions & { readonly onMessages?: (messages: readonly StreamMessage[]) => void },
  ): Promise<ExperimentView>;
  trials(id: string): Promise<TrialTable>;
  /** The trial table as the service writes it for people (Markdown) or spreadsheets (CSV). */
  trialsText(id: string, format: "markdown" | "csv"): Promise<string>;
  decisions(id: string): Promise<DecisionList>;
  /** How the delivered model predicts rows that its networks were not trained on. */
  evaluation(id: string): Promise<Evaluation>;
  /** The table told again under other rules, from stored results, without training. */
  replay(id: string, rules?: ReplayRequest): Promise<ReplayView>;
  /** Trains the winner's size on fewer rows, once: would more rows help more than more nodes? */
  startLearningCurve(id: string): Promise<LearningCurve>;
  /** The curve as far as it is trained; refused (404) where nobody asked for it. */
  learningCurve(id: string): Promise<LearningCurve>;
  /** Every attempt on its worker: lost ones, and those that began before a decision asked for their work. */
  attempts(id: string): Promise<AttemptList>;
  /** What happened, a sentence an event; `after` is the `last` of the page before. */
  log(id: string, options?: { readonly after?: number; readonly limit?: number }): Promise<ExperimentLog>;
  /** The whole experiment as one page: HTML that needs nothing else, or Markdown. */
  report(id: string, format?: "html" | "markdown"): Promise<string>;
  model(id: string): Promise<ModelBytes>;
  predictions(id: string, rows: RowsBody): Promise<PredictionsView>;
  /** The predictions as CSV with a header. */
  predictionsText(id: string, rows: RowsBody): Promise<string>;

  trial(id: string): Promise<TrialDetail>;
  /** Learning curves of a trial's runs, thinned out to at most `points` epochs each. */
  epochs(trial: string, options?: { readonly points?: number }): Promise<EpochList>;

  /** What changes in the service, for those who show lists: batches, live, until `signal` aborts. */
  serviceEvents(options?: ServiceEventOptions): AsyncGenerator<readonly ServiceMessage[], void, void>;
  workers(): Promise<readonly WorkerView[]>;
  artifact(sha256: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  storeArtifact(sha256: string, bytes: Blob): Promise<{ readonly id: string; readonly sizeBytes: number }>;
  /** The answer holds the key itself, this once. Needs a key of scope admin, once there is one. */
  createKey(request: KeyRequest): Promise<NewKeyView>;
  keys(): Promise<readonly KeyView[]>;
  revokeKey(id: string): Promise<KeyView>;
  /** What the service needs and has; rejects with a RequestRefused that names what is wrong where it can't do its work. */
  ready(): Promise<Readiness>;
  live(): Promise<boolean>;
}
