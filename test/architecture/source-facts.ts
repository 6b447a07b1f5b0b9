/** What the architecture rules need to know of a source file: its imports and the few constructs that are forbidden somewhere. */
import { parseSync, Visitor } from "rolldown/utils";

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

export interface SourceFacts {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  /** The workspace it belongs to, for example `packages/core`; null for the shared tests and tools. */
  readonly room: string | null;
  readonly lineCount: number;
  readonly firstLine: string;
  /** Values and types alike: `import`, `export … from`, `import(…)`, and `import("…")` in types. */
  readonly imports: readonly Import[];
  /** Lines of the type `any`. */
  readonly anyLines: readonly number[];
  /** Lines that read process.env; handing all of it on to a child process (`...process.env`) is no reading. */
  readonly environmentLines: readonly number[];
  /** Clock, randomness, I/O or waiting: what a pure file may not name, with lines. */
  readonly impurities: readonly { readonly what: string; readonly line: number }[];
}

const impureNames = new Set([
  "Date",
  "performance",
  "process",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "crypto",
  "Promise",
]);

/** Reads one file's facts. Throws where it isn't valid TypeScript. */
export function sourceFacts(path: string, text: string): SourceFacts {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const starts = lineStarts(text);
  const lineOf = ({ start }: { start: number }) => starts.findLastIndex((lineStart) => lineStart <= start) + 1;
  const imports: Import[] = [];
  const anyLines: number[] = [];
  const environment = new Set<number>();
  const handedOn = new Set<number>();
  const impurities: { what: string; line: number }[] = [];
  const note = (source: { type: string; start: number; value?: unknown } | null) => {
    if (source !== null && typeof source.value === "string") imports.push({ specifier: source.value, line: lineOf(source) });
  };
  const impure = (what: string, node: { start: number }) => impurities.push({ what, line: lineOf(node) });
  const awaiting = (node: { async: boolean; start: number }) => {
    if (node.async) impure("async", node);
  };
  new Visitor({
    ImportDeclaration: (node) => note(node.source),
    ExportAllDeclaration: (node) => note(node.source),
    ExportNamedDeclaration: (node) => note(node.source),
    ImportExpression: (node) => note(node.source as { type: string; start: number }),
    TSImportType: (node) => note(node.source),
    TSAnyKeyword: (node) => void anyLines.push(lineOf(node)),
    SpreadElement: (node) => void handedOn.add(node.argument.start),
    MemberExpression: (node) => {
      const name = node.property.type === "Identifier" ? node.property.name : "";
      if (node.object.type !== "Identifier") return;
      if (node.object.name === "process" && name === "env") environment.add(node.start);
      if (node.object.name === "Math" && name === "random") impure("Math.random", node);
    },
    Identifier: (node) => {
      if (impureNames.has(node.name)) impure(node.name, node);
    },
    FunctionDeclaration: awaiting,
    FunctionExpression: awaiting,
    ArrowFunctionExpression: awaiting,
  }).visit(program);
  return {
    path,
    room: /^(packages|apps)\/[^/]+/.exec(path)?.[0] ?? null,
    lineCount: text.endsWith("\n") ? starts.length - 1 : starts.length,
    firstLine: text.slice(0, starts[1] ?? text.length).trim(),
    imports,
    anyLines,
    environmentLines: [...environment].filter((start) => !handedOn.has(start)).map((start) => lineOf({ start })),
    impurities,
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
