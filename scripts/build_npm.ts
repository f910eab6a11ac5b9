/**
 * Builds the npm package into npm/: ES modules and declarations with dnt, or with tsc where JSR cannot be reached, and
 * one CommonJS bundle of these modules.
 *
 *   npm run build:npm                       into npm/
 *   npm run build:npm -- --allow-dirty      also when not everything is committed
 *   npm run build:npm -- --engine tsc       one engine and no other: dnt or tsc
 *   npm run build:npm -- --out DIR          into another folder
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type Manifest, readManifest } from "./build_npm/description.ts";
import { assertComplete, finish } from "./build_npm/finish.ts";
import { assertReleasable } from "./build_npm/preconditions.ts";
import { buildWithDnt, loadDnt } from "./build_npm/with_dnt.ts";
import { buildWithTsc } from "./build_npm/with_tsc.ts";
import { root } from "./run.ts";

/** Compiles into `outDir`; the name of the engine that did. */
async function compile(outDir: string, engine: string | undefined): Promise<string> {
  if (engine !== undefined && engine !== "dnt" && engine !== "tsc") {
    throw new Error(`there is no engine "${engine}", use dnt or tsc`);
  }
  const dnt = engine === "tsc" ? undefined : await loadDnt();
  if (dnt !== undefined) {
    await buildWithDnt(dnt, root, outDir);
    return "dnt";
  }
  if (engine === "dnt") throw new Error("JSR cannot be reached, so there is no dnt, use --engine tsc");
  buildWithTsc(root, outDir);
  return engine ?? "tsc, because JSR cannot be reached";
}

/** Throws when the folder holds something that a build would not have put there. */
function assertReplaceable(outDir: string): void {
  if (!existsSync(outDir) || readdirSync(outDir).length === 0) return;
  const { name } = readManifest<Manifest>(root, "package.json");
  if (existsSync(join(outDir, "package.json")) && existsSync(join(outDir, "esm"))) {
    if (readManifest<Manifest>(outDir, "package.json").name === name) return;
  }
  throw new Error(`${outDir} holds something else, empty it or pass another --out`);
}

async function build(): Promise<void> {
  const { values } = parseArgs({
    options: {
      "allow-dirty": { type: "boolean", default: false },
      engine: { type: "string" },
      out: { type: "string", default: join(root, "npm") },
    },
  });
  const outDir = resolve(values.out);
  assertReplaceable(outDir);
  // What an earlier build left must not be taken for the result of one that failed.
  rmSync(outDir, { recursive: true, force: true });
  assertReleasable(root, { allowDirty: values["allow-dirty"] });
  const scratch = mkdtempSync(join(tmpdir(), "realpeer-npm-"));
  let engine: string;
  try {
    engine = await compile(scratch, values.engine);
    await finish(root, scratch);
    assertComplete(root, scratch);
    cpSync(scratch, outDir, { recursive: true });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  console.log(`built ${relative(process.cwd(), outDir)} with ${engine}`);
}

try {
  await build();
} catch (error) {
  console.error(`Cannot build the npm package: ${(error as Error).message.split("\n")[0]}`);
  process.exitCode = 1;
}
