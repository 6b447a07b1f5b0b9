/**
 * The delivered model as one ONNX graph: raw columns in, all preprocessing and all networks inside, their mean out, in the target's own
 * unit. Preprocessing and the mean are float64, the networks float32, as in training.
 */
import type { LayerWeights, NetworkSpec } from "@rightsize/core";
import type { FoldPlan, PlanFile, TargetScale } from "@rightsize/data";
import { lossOf } from "../loss.ts";
import { soloAlgebra } from "../onnx/algebra.ts";
import { Graph, type Value } from "../onnx/graph.ts";
import { forward, plainWeights } from "../onnx/network.ts";
import { type FeatureValues, featureValues, rawNumbers } from "./features-graph.ts";
import { deliveredInputs, outputNames } from "./schema.ts";

export interface DeliveredNetwork {
  readonly network: NetworkSpec;
  readonly weights: readonly LayerWeights[];
  /** Its preprocessing and target scale were fitted on the training rows of this fold. */
  readonly fold: number;
}

/**
 * The bytes of the model. One input [N, 1] a feature column, under the column's name: float64 for numbers and dates (milliseconds since
 * 1970 UTC; NaN is a gap), string for categories and truth values ("" is a gap). Outputs: `prediction` float64 [N, 1], or `probabilities`
 * float32 [N, classes] and `label` string [N, 1].
 */
export function buildDeliveredModel(plan: Omit<PlanFile, "roles">, members: readonly DeliveredNetwork[]): Uint8Array {
  const first = members[0];
  if (first === undefined) throw new RangeError("a delivered model has at least one network");
  // No column may be called like a value inside.
  const names = deliveredInputs(plan);
  const g = new Graph(freePrefix(names.map(({ name }) => name)));
  const inputs = new Map(names.map(({ name, tensor }) => [name, g.input(name, tensor, ["N", 1])]));
  const numbers = rawNumbers(g, foldOf(plan, first.fold).columns, inputs);
  const features = new Map<number, FeatureValues>();
  const outputs = members.map((member): Value => {
    const fold = foldOf(plan, member.fold);
    let known = features.get(member.fold);
    if (known === undefined) {
      known = featureValues(g, fold.columns, inputs, numbers);
      features.set(member.fold, known);
    }
    return memberOutput(g, member, known, fold.target);
  });
  const mean = meanOf(g, outputs);
  const out = outputNames(plan);
  if (out.kind === "regression") {
    g.nodeNamed(first.network.task === "regression" && foldOf(plan, first.fold).target.log ? "Exp" : "Identity", [mean], [out.prediction]);
    g.output(out.prediction, "float64", ["N", 1]);
  } else {
    g.nodeNamed("Cast", [mean], [out.probabilities], { to: 1 });
    const best = g.node("ArgMax", [out.probabilities], { axis: 1, keepdims: 1 });
    g.nodeNamed("Gather", [g.constantStrings(plan.classes), best], [out.label], { axis: 0 });
    g.output(out.probabilities, "float32", ["N", plan.classes.length]);
    g.output(out.label, "string", ["N", 1]);
  }
  return g.toModel("rightsize", {
    domains: { "ai.onnx.ml": 3 },
    description: `Predicts ${plan.target} from raw columns; made by Rightsize.`,
    metadata: { target: plan.target, task: plan.task, classes: JSON.stringify(plan.classes) },
  });
}

/** Regression: the (log) target in its own unit. Classification: class shares. [N, 1] or [N, classes], float64. */
function memberOutput(g: Graph, { network, weights }: DeliveredNetwork, { x, positions }: FeatureValues, target: TargetScale): Value {
  const values = {
    weights: weights.map((layer, index) => {
      const fanOut = layer.biases.length;
      const rows = index === 0 ? rowsAt(layer.weights, fanOut, positions) : layer.weights;
      return plainWeights(g.weights(rows, [rows.length / fanOut, fanOut]));
    }),
    biases: weights.map(({ biases }) => g.weights(biases, [1, biases.length])),
  };
  const raw = g.node("Cast", [forward(g, soloAlgebra, values, network.recipe.activation, x).outputs], { to: 11 });
  const loss = lossOf(network);
  switch (loss) {
    case "mean_squared_error":
    case "mean_absolute_error":
    case "huber":
      return g.node("Add", [g.node("Mul", [raw, g.constantFloat64([target.deviation])]), g.constantFloat64([target.mean])]);
    case "cross_entropy":
      return g.node("Softmax", [raw], { axis: 1 });
    case "binary_cross_entropy": {
      const one = g.constantFloat64([1]);
      const second = g.node("Div", [one, g.node("Add", [one, g.node("Exp", [g.node("Neg", [raw])])])]);
      return g.node("Concat", [g.node("Sub", [one, second]), second], { axis: 1 });
    }
    default:
      return loss satisfies never;
  }
}

/** The rows [positions, fanOut] of the first layer's weights: inputs that a fold pads with zeros need none. */
function rowsAt(weights: Float32Array, fanOut: number, positions: readonly number[]): Float32Array {
  if (positions.length * fanOut === weights.length) return weights;
  const rows = new Float32Array(positions.length * fanOut);
  positions.forEach((position, row) => {
    rows.set(weights.subarray(position * fanOut, (position + 1) * fanOut), row * fanOut);
  });
  return rows;
}

function meanOf(g: Graph, values: readonly Value[]): Value {
  if (values.length === 1) return values[0] as Value;
  return g.node("Div", [g.node("Sum", values), g.constantFloat64([values.length])]);
}

function foldOf(plan: Pick<PlanFile, "folds">, fold: number): FoldPlan {
  const found = plan.folds[fold];
  if (found === undefined) throw new RangeError(`the plan has no fold ${fold}`);
  return found;
}

function freePrefix(names: readonly string[]): string {
  let prefix = "rightsize/";
  while (names.some((name) => name.startsWith(prefix))) prefix += "/";
  return prefix;
}
