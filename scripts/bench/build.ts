import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quietly, root, run } from "../run.ts";
import { buildFolder } from "./child.ts";

const folder = join(root, "scripts/bench");

/** Installs the peers, once. */
export async function installPeers(): Promise<void> {
  if (existsSync(join(folder, "node_modules/.package-lock.json"))) return;
  const command = ["npm", "ci", "--no-audit", "--no-fund", "--prefix", folder];
  if (await quietly(command) !== 0 && await run(command) !== 0) {
    throw new Error(`Cannot install the peers: ${command.join(" ")} failed`);
  }
}

/** Compiles the tree and the sides to plain JavaScript, so that no loader counts as ours. */
export async function compile(): Promise<void> {
  rmSync(buildFolder, { recursive: true, force: true });
  if (await run(["tsc", "-p", folder]) !== 0) {
    throw new Error(`Cannot compile the tree: tsc -p ${folder} failed`);
  }
  writeFileSync(
    join(buildFolder, "package.json"),
    `${JSON.stringify({ type: "module" })}\n`,
  );
}
