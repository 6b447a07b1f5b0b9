/** A row that is an image, as a PNG file in an address (RFC 2083), so that a page can show it by itself. */
import { crc32, deflateSync } from "node:zlib";

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** PNG's colour types by channels: grey, grey and alpha, RGB, RGB and alpha. */
const colourTypes: Readonly<Record<number, number>> = { 1: 0, 2: 4, 3: 2, 4: 6 };

/** `pixels` are bytes row by row, channels last; of a number of channels that PNG doesn't know the first is shown. */
export function pictureAddress(
  pixels: Uint8Array,
  shape: { readonly height: number; readonly width: number; readonly channels: number },
): string {
  const { height, width, channels } = shape;
  const known = colourTypes[channels] !== undefined;
  const shown = known ? channels : 1;
  const lines = Buffer.alloc(height * (1 + width * shown));
  for (let row = 0; row < height; row++) {
    const start = row * (1 + width * shown) + 1;
    for (let at = 0; at < width * shown; at++) {
      lines[start + at] = pixels[row * width * channels + (known ? at : at * channels)] ?? 0;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = colourTypes[shown] ?? 0;
  const file = Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(lines)), chunk("IEND", Buffer.alloc(0))]);
  return `data:image/png;base64,${file.toString("base64")}`;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
