/** What crosses between the API and its predicting process: texts as they came and as they go, so that the API reads neither. */
import type { Sha256 } from "@rightsize/core";

export interface PredictRequestMessage {
  readonly experimentId: string;
  /** The bundle, and the file that holds it. */
  readonly model: Sha256;
  readonly modelPath: string;
  /** The request's body. */
  readonly body: { readonly kind: "json" | "csv"; readonly text: string };
  readonly answer: PredictionFormat;
  readonly maxRows: number;
}
export type PredictionFormat = "json" | "csv";

/** The response's body. */
export interface PredictAnswer {
  readonly text: string;
  readonly rowCount: number;
}
