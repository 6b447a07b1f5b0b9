/** A scripted question whose search climbs through many sizes, one run after the other: work for the service without any training. */
import type { ExperimentRequest } from "@rightsize/contract";

const rungs = Array.from({ length: 16 }, (_, rung) => 10 * (rung + 1));
/** Runs that the search asks for until it finds no better size. */
export const runsOfClimb = 23;

/** `seed` makes it another question: results of one are no results of another. */
export function climb(dataset: string, seed: number, run: { readonly epochs: number; readonly epochMs: number }): ExperimentRequest {
  return {
    dataset,
    target: "y",
    seed,
    search: { preset: "course", parameters: { nodes: rungs } },
    engine: {
      name: "scripted",
      script: {
        // Every rung is better than the one before, so that the search climbs to its ceiling.
        runs: [
          ...rungs.map((nodesPerLayer, rung) => ({ capacity: { hiddenLayers: 1, nodesPerLayer }, score: 100 - rung, ...run })),
          ...[2, 3, 4, 5, 6, 7, 8].map((hiddenLayers) => ({
            capacity: { hiddenLayers, nodesPerLayer: 160 },
            score: 80 - hiddenLayers,
            ...run,
          })),
        ],
        otherwise: { score: 1000, ...run },
      },
    },
  };
}
