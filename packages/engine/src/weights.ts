/** Weights as bytes: equal weights give equal bytes, hence equal artifacts. */
import { endianness } from "node:os";
import { type LayerWeights, RightsizeError } from "@rightsize/core";
import { seal, unseal } from "./bytes.ts";

const magic = "RSWEIGH1";

/** Header: fan-in and fan-out of each layer; payload: weights, then biases, layer by layer, float32 little endian. */
export function serialiseWeights(layers: readonly LayerWeights[]): Uint8Array {
  requireLittleEndian();
  const shapes = layers.map(({ weights, biases }) => [weights.length / biases.length, biases.length]);
  return seal(
    magic,
    { layers: shapes },
    layers.flatMap(({ weights, biases }) => [asBytes(weights), asBytes(biases)]),
  );
}

/** The same bits back; throws `artifact_corrupt` where the bytes are torn, damaged or something else. */
export function deserialiseWeights(bytes: Uint8Array): readonly LayerWeights[] {
  requireLittleEndian();
  const opened = unseal(magic, bytes);
  if (opened === null) {
    throw new RightsizeError("artifact_corrupt", "These bytes are no undamaged weights.", {
      issues: [
        { where: "weights", received: `${bytes.length} bytes`, required: `bytes that start with ${magic} and match their checksum` },
      ],
    });
  }
  const { layers } = opened.header as { readonly layers: readonly (readonly [number, number])[] };
  let at = 0;
  const take = (count: number) => {
    const values = new Float32Array(opened.payload.slice(at, at + count * 4).buffer);
    at += count * 4;
    return values;
  };
  return layers.map(([fanIn, fanOut]) => ({ weights: take(fanIn * fanOut), biases: take(fanOut) }));
}

/** The bytes of a float array, as a view. */
export function asBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function requireLittleEndian(): void {
  if (endianness() !== "LE") throw new RightsizeError("engine_failed", "Weights are stored little endian, and this machine is big endian.");
}
