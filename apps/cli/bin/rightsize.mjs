#!/usr/bin/env node
// The workspace's `rightsize` command: prepares the folder where needed, then runs the built command line.
process.argv.splice(2, 0, "rightsize");
await import("../bootstrap.mjs");
