/** A preparation step that failed, told as a person needs it: what failed, the end of its log, what to do. */

export class BootstrapFailure extends Error {}

const hints = [
  [/ENOSPC|no space left/i, "The disk is full. Rightsize needs about 1.5 GB for its packages; free some space and run it again."],
  [/EROFS|read-only file system/i, "This folder is read-only. Clone Rightsize where you may write."],
  [/EACCES|EPERM|permission denied/i, "This folder or npm's cache belongs to another user. Clone Rightsize as the user who runs it."],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i,
    "npm's registry can't be reached. Check the connection or the proxy (npm config get proxy) and run it again.",
  ],
  [/EUSAGE|in sync/i, "package.json and package-lock.json disagree: run `npm install` and commit the lock file."],
];

/** What a person can do about an error's text; empty where we don't know. */
export function hintFor(text) {
  return hints.find(([pattern]) => pattern.test(text))?.[1] ?? "";
}

/** The failure of one step, with the last lines of what it printed. */
export function stepFailure(step, output, exit) {
  const tail = output.trim().split("\n").slice(-25).join("\n");
  const hint = hintFor(output);
  return new BootstrapFailure(
    [`${step} failed (${exit}). The end of its log:`, "", tail.replace(/^/gm, "  "), "", hint].join("\n").trimEnd(),
  );
}

/** A failed write in our own folder as a sentence; anything else as it is. */
export function writeFailure(error, root) {
  const hint = hintFor(`${error?.code} ${error?.message}`);
  if (!hint) return error;
  return new BootstrapFailure(`Rightsize builds inside its own folder and can't write to ${root} (${error.code}).\n${hint}`);
}
