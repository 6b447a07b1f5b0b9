/** Takes the attempt guard out of the built store of a worker process, in memory only, so that the harness can be tested: F3 must then fail. */

const heldForWrite = "WHERE id = $1 AND attempt = $2 AND state = 'RUNNING' FOR SHARE";

/** The guard as it stands in each built file of the store, and what it becomes: any attempt will do. */
const guards: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "/store/dist/postgres/checkpoints.js": [[heldForWrite, "WHERE id = $1 AND $2::int4 > 0 FOR SHARE"]],
  "/store/dist/postgres/work.js": [
    [heldForWrite, "WHERE id = $1 AND $2::int4 > 0 FOR SHARE"],
    ["assignments.attempt = $2 AND assignments.state = 'RUNNING'", "$2::int4 > 0"],
    ["WHERE assignments.id = $1 AND attempt = $2 AND assignments.state = 'RUNNING'", "WHERE assignments.id = $1 AND $2::int4 > 0"],
    ['assignment?.attempt !== ref.attempt || assignment.state !== "RUNNING"', "assignment === null"],
  ],
};

const hooks = `
const guards = ${JSON.stringify(guards)};
export async function load(url, context, next) {
  const loaded = await next(url, context);
  const file = Object.keys(guards).find((name) => url.endsWith(name));
  if (file === undefined) return loaded;
  let source = String(loaded.source);
  for (const [guard, nothing] of guards[file]) {
    if (!source.includes(guard)) throw new Error("the guard is written in another way: " + guard);
    source = source.replaceAll(guard, nothing);
  }
  return { ...loaded, source };
}`;

const asModule = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;

/** The environment of a process without the guard. Node reads it; no part of the product does. */
export function environmentWithoutGuard(): Readonly<Record<string, string>> {
  const register = `import { register } from "node:module"; register(${JSON.stringify(asModule(hooks))});`;
  return { NODE_OPTIONS: `--import=${asModule(register)}` };
}
