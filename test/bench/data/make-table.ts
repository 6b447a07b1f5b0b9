/** A big CSV file of random numbers, the same on every machine, written block by block. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { randomStream } from "@rightsize/core";

/** Every fourth column holds whole numbers below 1,000, the others six decimals in (−100, 100). */
export async function makeTable(path: string, rowCount: number, columnCount: number): Promise<void> {
  const stream = randomStream(1, "sample", 0, 0);
  const file = createWriteStream(path);
  file.write(`${Array.from({ length: columnCount }, (_, column) => `c${column}`).join(",")}\n`);
  const blockRows = 5000;
  for (let first = 0; first < rowCount; first += blockRows) {
    const lines: string[] = [];
    for (let row = first; row < Math.min(rowCount, first + blockRows); row++) {
      const cells: string[] = [];
      for (let column = 0; column < columnCount; column++) {
        cells.push(column % 4 === 3 ? String(stream.below(1000)) : ((stream.bits() / 2 ** 32) * 200 - 100).toFixed(6));
      }
      lines.push(cells.join(","));
    }
    if (!file.write(`${lines.join("\n")}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}
