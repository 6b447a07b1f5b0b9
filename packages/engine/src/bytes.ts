/** A sealed block of bytes: magic, a small header of canonical JSON, a payload and a SHA-256 over all of it. */
import { createHash } from "node:crypto";
import { canonicalText } from "@rightsize/core";

const digestBytes = 32;
/** Magic, header length (uint32, little endian). */
const prefixBytes = 12;

/** Seals a header and payload parts; the payload starts on a multiple of 8 bytes. `magic` has eight ASCII letters. */
export function seal(magic: string, header: unknown, parts: readonly Uint8Array[]): Uint8Array {
  const head = new TextEncoder().encode(canonicalText(header));
  const start = payloadStart(head.length);
  const whole = new Uint8Array(start + parts.reduce((sum, part) => sum + part.length, 0) + digestBytes);
  whole.set(new TextEncoder().encode(magic), 0);
  new DataView(whole.buffer).setUint32(8, head.length, true);
  whole.set(head, prefixBytes);
  let offset = start;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  whole.set(createHash("sha256").update(whole.subarray(0, offset)).digest(), offset);
  return whole;
}

/** The header and payload of sealed bytes, or null where the magic or the checksum is wrong (torn or damaged bytes). */
export function unseal(magic: string, bytes: Uint8Array): { readonly header: unknown; readonly payload: Uint8Array } | null {
  const end = bytes.length - digestBytes;
  if (end < prefixBytes || new TextDecoder().decode(bytes.subarray(0, 8)) !== magic) return null;
  const digest = createHash("sha256").update(bytes.subarray(0, end)).digest();
  if (Buffer.compare(digest, bytes.subarray(end)) !== 0) return null;
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  const head = bytes.subarray(prefixBytes, prefixBytes + headLength);
  return { header: JSON.parse(new TextDecoder().decode(head)), payload: bytes.slice(payloadStart(headLength), end) };
}

const payloadStart = (headLength: number) => Math.ceil((prefixBytes + headLength) / 8) * 8;
