/** Writes Protocol Buffers wire format: just the field kinds that an ONNX model needs. */

/** Bytes of one message, grown field by field. Field numbers come from onnx.proto3 (onnx/onnx on GitHub). */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  /** Wire type 0: a whole number ≥ 0 below 2^53. */
  varint(field: number, value: number): this {
    this.#parts.push(varintBytes(field * 8), varintBytes(value));
    return this;
  }
  /** Wire type 5: a 32-bit float. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#parts.push(varintBytes(field * 8 + 5), bytes);
    return this;
  }
  /** Wire type 2: bytes with their length. */
  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(varintBytes(field * 8 + 2), varintBytes(value.length), value);
    return this;
  }
  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }
  message(field: number, value: MessageWriter): this {
    return this.bytes(field, value.finish());
  }
  finish(): Uint8Array {
    const whole = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}

/** Seven bits a byte, lowest first; the top bit says that more follow. */
function varintBytes(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`a varint is a whole number ≥ 0, not ${value}`);
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
