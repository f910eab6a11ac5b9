import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { quietly, root, run } from "../run.ts";
import { buildFolder } from "./child.ts";

/** Compiles a C program of scripts/bench/baseline and returns its path. */
export async function compileC(name: string): Promise<string> {
  const binary = join(buildFolder, "baseline", name);
  mkdirSync(join(buildFolder, "baseline"), { recursive: true });
  const status = await run(["cc", "-O2", "-o", binary, join(root, "scripts/bench/baseline", `${name}.c`)]);
  if (status !== 0) {
    throw new Error(`Cannot measure the baseline: cc failed on ${name}.c`);
  }
  return binary;
}

/** Compiles a Go program of scripts/bench/baseline and returns its path; undefined where there is no Go. */
export async function compileGo(name: string): Promise<string | undefined> {
  if (await quietly(["go", "version"]).catch(() => 1) !== 0) return undefined;
  const binary = join(buildFolder, "baseline", name);
  const status = await run(["go", "build", "-o", binary, join(root, "scripts/bench/baseline", `${name}.go`)]);
  if (status !== 0) throw new Error(`Cannot measure Go: go build failed on ${name}.go`);
  return binary;
}
