/** A delivered model, loaded and asked: raw columns in, predictions out. */
import { RightsizeError } from "@rightsize/core";
import type { RawColumn } from "@rightsize/data";
import { loadOrt, type OrtTensor } from "../onnx/runtime.ts";
import type { DeliveredSchema } from "./schema.ts";

export type Predictions =
  /** [rows], in the target's own unit; infinite where that unit overflows. */
  | { readonly kind: "regression"; readonly values: Float64Array }
  /** `probabilities` [rows, classes] row-major; `labels` [rows], the class of the largest. */
  | { readonly kind: "classification"; readonly probabilities: Float32Array; readonly labels: readonly string[] };

export interface DeliveredModel {
  readonly schema: DeliveredSchema;
  /** `columns` in the order of the schema's inputs, each of `rowCount` cells. Calls may overlap. */
  predict(columns: readonly RawColumn[], rowCount: number): Promise<Predictions>;
  release(): Promise<void>;
}

/** Rows × inputs of one call: keeps its memory within some tens of MB. */
const elementsAtOnce = 2 ** 19;

/** Throws `artifact_corrupt` where the bytes are no model that onnxruntime takes. */
export async function openDeliveredModel(bytes: Uint8Array, schema: DeliveredSchema): Promise<DeliveredModel> {
  const ort = await loadOrt();
  const options = { executionProviders: ["cpu"], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session = await ort.InferenceSession.create(bytes, options).catch((cause: unknown) => {
    throw new RightsizeError("artifact_corrupt", "The model can't be loaded.", { cause });
  });
  const tensorOf = (column: RawColumn, from: number, to: number): OrtTensor =>
    column.kind === "numbers"
      ? new ort.Tensor("float64", column.values.subarray(from, to), [to - from, 1])
      : new ort.Tensor("string", column.texts.slice(from, to), [to - from, 1]);
  const rowsAtOnce = Math.max(64, Math.floor(elementsAtOnce / Math.max(64, schema.inputs.length)));
  const { outputs, inputs } = schema;
  return {
    schema,
    async predict(columns, rowCount) {
      const classCount = schema.classes.length;
      const values = new Float64Array(outputs.kind === "regression" ? rowCount : 0);
      const probabilities = new Float32Array(rowCount * classCount);
      const labels: string[] = [];
      for (let from = 0; from < rowCount; from += rowsAtOnce) {
        const to = Math.min(rowCount, from + rowsAtOnce);
        const feeds = Object.fromEntries(inputs.map(({ name }, index) => [name, tensorOf(columns[index] as RawColumn, from, to)]));
        const answer = await session.run(feeds);
        if (outputs.kind === "regression") values.set((answer[outputs.prediction] as OrtTensor).data as Float64Array, from);
        else {
          probabilities.set((answer[outputs.probabilities] as OrtTensor).data as Float32Array, from * classCount);
          for (const label of (answer[outputs.label] as OrtTensor).data as string[]) labels.push(label);
        }
      }
      return outputs.kind === "regression" ? { kind: "regression", values } : { kind: "classification", probabilities, labels };
    },
    release: () => session.release(),
  };
}
