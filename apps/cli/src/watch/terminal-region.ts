/** The last lines of a terminal, drawn again in place; other lines are printed above them and stay. */

export interface TerminalRegion {
  /** Characters that fit on a line now. */
  columns(): number;
  /** Replaces the region's lines; longer ones are cut at the terminal's edge. */
  draw(lines: readonly string[]): void;
  /** Prints lines above the region, where they stay. */
  print(lines: readonly string[]): void;
  /** Leaves what is drawn as it stands; what is printed next comes below. */
  end(): void;
}

export interface TerminalStream {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const clearBelow = "\u001b[J";

export function createTerminalRegion(stream: TerminalStream): TerminalRegion {
  let drawn: readonly string[] = [];
  // A terminal that doesn't know its size says 0.
  const width = () => stream.columns || 80;
  const cut = (line: string) => {
    const columns = width();
    const characters = [...line];
    return characters.length <= columns ? line : `${characters.slice(0, columns - 1).join("")}…`;
  };
  // A region higher than the terminal can't be drawn again in place: its last lines are what matters.
  const fit = (lines: readonly string[]) => lines.slice(-Math.max(1, (stream.rows || 24) - 1)).map(cut);
  const back = () => (drawn.length === 0 ? "" : `\u001b[${drawn.length}A\r${clearBelow}`);
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  return {
    columns: width,
    draw(lines) {
      const next = fit(lines);
      stream.write(`${hideCursor}${back()}${text(next)}`);
      drawn = next;
    },
    print(lines) {
      stream.write(`${back()}${text(lines)}${text(drawn)}`);
    },
    end() {
      drawn = [];
      stream.write(showCursor);
    },
  };
}
