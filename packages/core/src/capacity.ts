/** The size of a dense network, and what follows from it. */

/** How many hidden layers, and how many nodes in each. */
export interface Capacity {
  /** Hidden layers, a whole number ≥ 0; 0 is the linear model. */
  readonly hiddenLayers: number;
  /** Nodes in each hidden layer, a whole number ≥ 1 (0 exactly when there is no hidden layer). */
  readonly nodesPerLayer: number;
}

/** The linear model: no hidden layer. */
export const linearModel: Capacity = { hiddenLayers: 0, nodesPerLayer: 0 };

/** The capacity as people say it: `2×250`, or `linear`. */
export function capacityText(capacity: Capacity): string {
  return capacity.hiddenLayers === 0 ? "linear" : `${capacity.hiddenLayers}×${capacity.nodesPerLayer}`;
}

/** Whether two capacities are the same. */
export function sameCapacity(a: Capacity, b: Capacity): boolean {
  return a.hiddenLayers === b.hiddenLayers && a.nodesPerLayer === b.nodesPerLayer;
}

/** Widths of a network's layers from input to output, for example `[8, 250, 250, 1]`. */
export function layerWidths(inputs: number, capacity: Capacity, outputs: number): readonly number[] {
  return [inputs, ...Array.from({ length: capacity.hiddenLayers }, () => capacity.nodesPerLayer), outputs];
}

/** Trainable weights and biases of a dense network: the sum over layers of (fan-in + 1) × fan-out. */
export function parameterCount(inputs: number, capacity: Capacity, outputs: number): number {
  const widths = layerWidths(inputs, capacity, outputs);
  let count = 0;
  for (let layer = 1; layer < widths.length; layer++) {
    count += ((widths[layer - 1] ?? 0) + 1) * (widths[layer] ?? 0);
  }
  return count;
}
