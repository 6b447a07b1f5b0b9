/**
 * The first thing that runs in a fresh clone: makes the folder ready (install, generate, build), then hands over.
 * Plain JavaScript without packages, because nothing is installed yet. Usage: `node apps/cli/bootstrap.mjs demo`.
 */
var needed = [20, 19];
var found = process.versions.node.split(".").map(Number);

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  console.error(
    "Rightsize needs Node.js " +
      needed.join(".") +
      " or newer; this is " +
      process.versions.node +
      " (" +
      process.execPath +
      ").\nGet a current one from https://nodejs.org or your package manager, then run the same command again.",
  );
  process.exitCode = 1;
} else {
  // Imported late, so that an old Node prints the sentence above and not a syntax error of newer code.
  import("./bootstrap/main.mjs").then((main) => main.bootstrap(process.argv.slice(2)));
}
