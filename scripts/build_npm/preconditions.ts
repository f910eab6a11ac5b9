import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commands, entryPoints, type Manifest, readManifest, type SourceManifest } from "./description.ts";

/** What `realpeer --version` prints. */
const VERSION_MODULE = "src/cli/version.ts";

function assertSameManifest(root: string): void {
  const deno = readManifest<Manifest>(root, "deno.json");
  const npm = readManifest<SourceManifest>(root, "package.json");
  for (const field of ["name", "version", "license"] as const) {
    if (deno[field] === npm[field]) continue;
    throw new Error(`${field} is ${deno[field]} in deno.json and ${npm[field]} in package.json, make them the same`);
  }
  if (!readFileSync(join(root, VERSION_MODULE), "utf8").includes(`"${npm.version}"`)) {
    throw new Error(`version is ${npm.version} in package.json but not in ${VERSION_MODULE}, make them the same`);
  }
}

function assertChangelog(root: string): void {
  const { version } = readManifest<SourceManifest>(root, "package.json");
  const headings = readFileSync(join(root, "CHANGELOG.md"), "utf8").match(/^## .*$/gm) ?? [];
  // With or without brackets and a date.
  if (headings.some((heading) => heading.split(/[ \[\]]+/)[1] === version)) return;
  throw new Error(`CHANGELOG.md says nothing of ${version}, add "## ${version}" and what users notice`);
}

function assertEntryPoints(root: string): void {
  for (const { name, path } of [...entryPoints, ...commands]) {
    if (existsSync(join(root, path))) continue;
    throw new Error(`"${name}" is missing, put ${path} back or take it out of deno.json`);
  }
}

function assertCommitted(root: string): void {
  const status = execFileSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" });
  const paths = status.split("\n").filter(Boolean).map((line) => line.slice(3));
  if (paths.length === 0) return;
  const named = paths.length === 1 ? paths[0] : `${paths[0]} and ${paths.length - 1} more`;
  throw new Error(`not everything is committed (${named}), commit it or pass --allow-dirty`);
}

/** Throws with one line that says what to do when the tree is not one that can be released. */
export function assertReleasable(root: string, { allowDirty }: { readonly allowDirty: boolean }): void {
  assertSameManifest(root);
  assertChangelog(root);
  assertEntryPoints(root);
  if (!allowDirty) assertCommitted(root);
}
