import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Finished, run } from "../fixtures/runtime.ts";
import { tool } from "./project.ts";
import { copyTree, git } from "./tree_copy.ts";

let tree: string;

beforeEach(() => {
  tree = copyTree();
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function edit(file: string, change: (text: string) => string): void {
  const path = join(tree, file);
  const text = readFileSync(path, "utf8");
  const changed = change(text);
  if (changed === text) throw new Error(`Cannot edit ${file}: nothing in it changed`);
  writeFileSync(path, changed);
}

/** Runs the copy's own build, with what is set in the environment. */
function buildWith(env: Readonly<Record<string, string>>, args: readonly string[]): Promise<Finished> {
  const command = [tool("deno"), "run", "-A", "--quiet", "scripts/build_npm.ts", ...args];
  return run(command, { cwd: tree, env: { NO_COLOR: "1", ...env } });
}

function build(...args: string[]): Promise<Finished> {
  return buildWith({}, ["--engine", "tsc", ...args]);
}

/** JSR is a dead port and its cache is empty, whatever the network. */
function buildWithoutJsr(...args: string[]): Promise<Finished> {
  return buildWith({ JSR_URL: "http://127.0.0.1:1/", DENO_DIR: join(tree, ".git/deno") }, args);
}

test("build:npm builds a committed tree, and again over what it built", async () => {
  for (let times = 0; times < 2; times++) {
    expect(await build()).toMatchObject({ code: 0, stdout: "built npm\n", stderr: "" });
  }
  expect(git(tree, "status", "--porcelain")).toBe("");
  expect(existsSync(join(tree, "npm/esm/mod.js"))).toBe(true);
});

const BAD_TREES: readonly { name: string; spoil: () => void; says: string; flags?: readonly string[] }[] = [
  {
    name: "not everything is committed",
    spoil: () => writeFileSync(join(tree, "new_file.txt"), ""),
    says: "not everything is committed (new_file.txt), commit it or pass --allow-dirty",
  },
  {
    name: "the versions differ",
    spoil: () => edit("package.json", (text) => text.replace(/"version": "[^"]*"/, '"version": "9.9.9"')),
    says: "in deno.json and 9.9.9 in package.json, make them the same",
  },
  {
    name: "the command prints another version",
    spoil: () => edit("src/cli/version.ts", (text) => text.replace(/"[\d.]+"/, '"0.0.0"')),
    says: "in package.json but not in src/cli/version.ts, make them the same",
  },
  {
    name: "the changelog does not know the version",
    spoil: () => edit("CHANGELOG.md", (text) => text.replaceAll("## ", "### ")),
    says: 'add "## ',
  },
  {
    name: "an entry point is missing",
    spoil: () => rmSync(join(tree, "src/adapters/bun.ts")),
    says: '"./bun" is missing, put ./src/adapters/bun.ts back or take it out of scripts/build_npm/description.ts',
  },
  {
    name: "deno.json exports something else",
    spoil: () => edit("deno.json", (text) => text.replace('"./testing"', '"./tests"')),
    says: '"./testing" is ./src/api/testing.ts in scripts/build_npm/description.ts and nothing in deno.json',
  },
  {
    name: "the type check fails",
    spoil: () => edit("mod.ts", (text) => `${text}\nexport const port: number = "5432";\n`),
    says: "error TS2322: Type 'string' is not assignable to type 'number'",
  },
  {
    name: "--out is somebody's folder",
    spoil: () => {},
    flags: ["--out", "src"],
    says: "src holds something else, empty it or pass another --out",
  },
  { name: "an option is unknown", spoil: () => {}, flags: ["--dist", "x"], says: "Unknown option '--dist'" },
];

for (const { name, spoil, says, flags = [] } of BAD_TREES) {
  test(`build:npm stops with one line and leaves no npm/ when ${name}`, async () => {
    mkdirSync(join(tree, "npm/esm"), { recursive: true });
    writeFileSync(join(tree, "npm/package.json"), '{ "name": "@realpeer/tcp" }');
    spoil();
    const dirty = name.includes("committed") ? [] : ["--allow-dirty"];
    const { code, stdout, stderr } = await build(...dirty, ...flags);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(says);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    if (flags.length === 0) expect(existsSync(join(tree, "npm"))).toBe(false);
    expect(existsSync(join(tree, "src/api/connect.ts"))).toBe(true);
  });
}

test("build:npm with tsc alone where JSR cannot be reached, which one line says", async () => {
  const { code, stdout, stderr } = await buildWithoutJsr();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^dnt cannot be loaded from JSR, so tsc builds the package: .*\nbuilt npm\n$/);
});

test("build:npm stops when dnt was asked for and cannot be loaded", async () => {
  const { code, stderr } = await buildWithoutJsr("--engine", "dnt");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Cannot build the npm package: dnt cannot be loaded \(.*\), use --engine tsc\n$/);
  expect(existsSync(join(tree, "npm"))).toBe(false);
});
