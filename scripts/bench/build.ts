import { cpSync, existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { quietly, root, run } from "../run.ts";
import { buildFolder } from "./child.ts";

/** The package as it is published. */
export const packageFolder: string = join(buildFolder, "package");

const folder = join(root, "scripts/bench");

/** Installs the peers, once. */
export async function installPeers(): Promise<void> {
  if (existsSync(join(folder, "node_modules/.package-lock.json"))) return;
  await must(["npm", "ci", "--no-audit", "--no-fund", "--prefix", folder]);
}

async function must(command: readonly string[]): Promise<void> {
  if (await quietly(command) === 0) return;
  if (await run(command) !== 0) {
    throw new Error(`Cannot prepare the benchmark: ${command.join(" ")} failed`);
  }
}

/** The package as npm gets it, and the subjects as plain JavaScript beside it: no loader may count as ours. */
export async function build(): Promise<void> {
  await must(["tsc", "-p", folder, "--outDir", buildFolder]);
  await must(["deno", "run", "-A", "scripts/build_npm.ts", "--allow-dirty", "--engine", "tsc", "--out", packageFolder]);
  // What tsc took along of the tree is replaced by what users install; inner modules stay for the subjects that read one.
  cpSync(join(packageFolder, "esm"), buildFolder, { recursive: true });
  symlinkSync(join(folder, "node_modules"), join(buildFolder, "node_modules"));
}
