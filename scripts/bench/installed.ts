import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** What `npm install NAME` puts on the disk. */
export interface Installed {
  readonly bytes: number;
  /** Other packages that come with it. */
  readonly dependencies: number;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** The folder from which a package in `folder` gets its dependency, as Node looks for it. */
function folderOf(name: string, folder: string): string {
  for (let parent = folder; parent !== dirname(parent); parent = dirname(parent)) {
    const candidate = join(parent, "node_modules", name);
    if (existsSync(candidate)) return candidate;
  }
  throw new Error(`Cannot weigh ${manifestOf(folder).name}: its dependency ${name} is not installed`);
}

/** Everything in a package's folder but the packages nested in it, which count for themselves. */
function bytesIn(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => name !== "node_modules");
  return entries.reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesIn(path) : statSync(path).size);
  }, 0);
}

/** Weighs the package in `folder` with all it depends on. */
export function weigh(folder: string): Installed {
  const folders = new Set<string>();
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (folders.has(next)) continue;
    folders.add(next);
    for (const name of Object.keys(manifestOf(next).dependencies ?? {})) pending.push(folderOf(name, next));
  }
  return { bytes: [...folders].reduce((sum, each) => sum + bytesIn(each), 0), dependencies: folders.size - 1 };
}
