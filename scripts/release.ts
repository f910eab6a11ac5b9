/**
 * Makes a release of the tree: sets the version in all files that have it, dates the changelog, runs the checks, commits
 * and tags. Pushing the tag publishes it.
 *
 *   npm run release -- 0.2.0             on a clean tree
 *   npm run release -- 0.2.0 --dry-run   says what would change, and changes nothing
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { readManifest, type SourceManifest } from "./build_npm/description.ts";
import { assertReleasable } from "./build_npm/preconditions.ts";
import { checks } from "./checks.ts";
import { released } from "./release/changelog.ts";
import { root, run } from "./run.ts";

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
}

/** The numbers of a version without a pre-release, which these registries would offer as the latest. */
function numbersOf(version: string): number[] {
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(version)) {
    throw new Error(`"${version}" is no version, write it like 0.2.0`);
  }
  return version.split(".").map(Number);
}

function isNewer(version: string, than: string): boolean {
  const [now, before] = [numbersOf(version), numbersOf(than)];
  const index = now.findIndex((number, place) => number !== before[place]);
  return index >= 0 && now[index]! > before[index]!;
}

/** Each file that names the version, and its new text. */
function edits(version: string, previous: string): Readonly<Record<string, string>> {
  const read = (file: string): string => readFileSync(join(root, file), "utf8");
  const replaced = (file: string, before: string, after: string): string => {
    const text = read(file);
    if (!text.includes(before)) throw new Error(`${file} does not have ${before}, mend it by hand`);
    return text.replace(before, after);
  };
  const field = (file: string): string => replaced(file, `"version": "${previous}"`, `"version": "${version}"`);
  const lock = JSON.parse(read("package-lock.json"));
  lock.version = lock.packages[""].version = version;
  return {
    "deno.json": field("deno.json"),
    "package.json": field("package.json"),
    "package-lock.json": `${JSON.stringify(lock, undefined, 2)}\n`,
    "src/cli/version.ts": replaced("src/cli/version.ts", `"${previous}"`, `"${version}"`),
    "CHANGELOG.md": released(read("CHANGELOG.md"), version, new Date().toISOString().slice(0, 10)),
  };
}

/** The lines in which two texts differ, as a reader of a patch expects them; a version changes few. */
function differences(before: string, after: string): string[] {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  return [
    ...old.filter((line) => !fresh.includes(line)).map((line) => `  - ${line.trim()}`),
    ...fresh.filter((line) => !old.includes(line)).map((line) => `  + ${line.trim()}`),
  ];
}

async function release(): Promise<void> {
  const { values, positionals: [version, ...others] } = parseArgs({
    allowPositionals: true,
    options: { "dry-run": { type: "boolean", default: false } },
  });
  if (version === undefined || others.length > 0) {
    throw new Error("expected one version, as in npm run release -- 0.2.0");
  }
  const { version: previous } = readManifest<SourceManifest>(root, "package.json");
  if (!isNewer(version, previous)) throw new Error(`${version} does not come after ${previous}`);
  assertReleasable(root, { allowDirty: false });
  if (git("tag", "--list", `v${version}`) !== "") throw new Error(`the tag v${version} is there already`);
  const texts = edits(version, previous);
  for (const [file, text] of Object.entries(texts)) {
    console.log([file, ...differences(readFileSync(join(root, file), "utf8"), text)].join("\n"));
    if (!values["dry-run"]) writeFileSync(join(root, file), text);
  }
  if (values["dry-run"]) return console.log(`would commit and tag v${version}`);
  try {
    for (const [name, command] of Object.entries(await checks())) {
      if (await run(command) !== 0) throw new Error(`${name} failed, so nothing was committed`);
    }
    assertReleasable(root, { allowDirty: true });
  } catch (error) {
    git("checkout", "--", ...Object.keys(texts));
    throw error;
  }
  git("commit", "--quiet", "--message", version, "--", ...Object.keys(texts));
  git("tag", "--annotate", "--message", version, `v${version}`);
  console.log(`committed and tagged v${version}, publish it with git push --follow-tags`);
}

try {
  await release();
} catch (error) {
  console.error(`Cannot release: ${(error as Error).message.split("\n")[0]}`);
  process.exitCode = 1;
}
