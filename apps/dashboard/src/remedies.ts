/** What to try against each symptom of a network: a sentence, and the change it makes in a new experiment's form. */
import type { Symptom } from "@rightsize/core";
import type { Draft } from "./request-draft.ts";

export interface Remedy {
  readonly text: string;
  readonly apply: (draft: Draft) => Draft;
}

const tenth = (rates: string): string => {
  const rate = Number(rates.split(",")[0]);
  return String(Number(((Number.isFinite(rate) && rate > 0 ? rate : 0.001) / 10).toPrecision(3)));
};

export const remedies: Readonly<Record<Symptom, Remedy>> = {
  dying_units: { text: "Ask again with leaky relu", apply: (draft) => ({ ...draft, activation: "leaky_relu" }) },
  vanishing_gradients: {
    text: "Ask again with relu",
    apply: (draft) => ({ ...draft, activation: draft.activation === "relu" ? "leaky_relu" : "relu" }),
  },
  diverged: {
    text: "Ask again with a tenth of the learning rate",
    apply: (draft) => ({ ...draft, learningRates: tenth(draft.learningRates), probeEpochs: "" }),
  },
  capped: {
    text: "Ask again with twice the epochs",
    apply: (draft) => ({ ...draft, maxEpochs: String(2 * (Number(draft.maxEpochs) || 400)) }),
  },
  overfitting: { text: "Ask again with 20 % dropout", apply: (draft) => ({ ...draft, dropoutPercent: "20" }) },
  underfitting: {
    text: "Ask again with more patience",
    apply: (draft) => ({ ...draft, patience: String(2 * (Number(draft.patience) || 20)) }),
  },
};

/** The remedy for a symptom by its name; null for names that this page does not know. */
export function remedyFor(symptom: string | null): Remedy | null {
  return symptom !== null && Object.hasOwn(remedies, symptom) ? remedies[symptom as Symptom] : null;
}
