import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startJsrRegistry } from "../fixtures/jsr_registry.ts";
import { type Finished, run } from "../fixtures/runtime.ts";
import { tool } from "./project.ts";
import { copyTree, git } from "./tree_copy.ts";

let tree: string;

beforeAll(() => {
  tree = copyTree();
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));
/** As it was copied. */
afterEach(() => {
  git(tree, "reset", "--quiet", "--hard");
  git(tree, "clean", "--quiet", "-ffdx", "--exclude=node_modules");
  for (const folder of [".git/deno", ".git/dnt"]) rmSync(join(tree, folder), { recursive: true, force: true });
});

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

/** A dead port. */
const NO_JSR = "http://127.0.0.1:1/";

/** With that JSR and an empty cache of it, whatever the network. */
function buildWithJsr(url: string, ...args: string[]): Promise<Finished> {
  return buildWith({ JSR_URL: url, DENO_DIR: join(tree, ".git/deno") }, args);
}

/** Every file of the built package with its content. */
function builtFiles(): Record<string, string> {
  const files = readdirSync(join(tree, "npm"), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile()
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, "utf8")]));
}

test("build:npm builds a committed tree, and the same again over what it built", async () => {
  const built: Record<string, string>[] = [];
  for (let times = 0; times < 2; times++) {
    expect(await build()).toMatchObject({ code: 0, stdout: "built npm with tsc\n", stderr: "" });
    built.push(builtFiles());
  }
  expect(built[1]).toEqual(built[0]);
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
    says: '"./bun" is missing, put ./src/adapters/bun.ts back or take it out of deno.json',
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

test("build:npm with tsc where JSR cannot be reached, which its line says", async () => {
  expect(await buildWithJsr(NO_JSR)).toEqual({
    code: 0,
    signal: null,
    stdout: "built npm with tsc, because JSR cannot be reached\n",
    stderr: "",
  });
});

test("build:npm stops when dnt was asked for and JSR cannot be reached", async () => {
  const { code, stderr } = await buildWithJsr(NO_JSR, "--engine", "dnt");
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "Cannot build the npm package: JSR cannot be reached, so there is no dnt, use --engine tsc\n",
  });
  expect(existsSync(join(tree, "npm"))).toBe(false);
});

const BROKEN_DNTS = [
  {
    fault: "throws a string, as its WebAssembly does",
    module: 'export const build = () => { throw "bad module graph"; };',
    says: "dnt stopped (bad module graph), mend what it reports above",
  },
  {
    fault: "does not load",
    module: 'throw new Error("no WebAssembly here");',
    says: "dnt does not load (no WebAssembly here), mend it or use --engine tsc",
  },
];

test.each(BROKEN_DNTS)("build:npm fails in dnt's own words when dnt $fault", async ({ module, says }) => {
  const jsr = await startJsrRegistry();
  try {
    const dnt = join(tree, ".git/dnt");
    mkdirSync(dnt);
    writeFileSync(join(dnt, "mod.js"), module);
    writeFileSync(join(dnt, "deno.json"), JSON.stringify({ exports: "./mod.js" }));
    jsr.add(dnt, "@deno/dnt", "0.43.2");
    const { code, stdout, stderr } = await buildWithJsr(jsr.url);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`Cannot build the npm package: ${says}\n`);
    expect(existsSync(join(tree, "npm"))).toBe(false);
  } finally {
    jsr.stop();
  }
});
