/** Files on their way into the artifact store: private to one request, gone when it ends, swept after a crash. */
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

const dayMs = 86_400_000;

/** Runs work with a folder of its own, which is removed afterwards, whatever happens. */
export async function withTemporaryFolder<Result>(parent: string, work: (folder: string) => Promise<Result>): Promise<Result> {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(path.join(parent, `${randomUUID().slice(0, 8)}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what a process that was killed left behind; younger folders may belong to another process at work. */
export async function sweepTemporaryFolders(parent: string, nowMs: number, olderThanMs = dayMs): Promise<void> {
  const names = await readdir(parent).catch(() => [] as string[]);
  for (const name of names) {
    const folder = path.join(parent, name);
    const age =
      nowMs -
      (await stat(folder).then(
        (found) => found.mtimeMs,
        () => nowMs,
      ));
    if (age > olderThanMs) await rm(folder, { recursive: true, force: true });
  }
}
