import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { quietly, root, run } from "../run.ts";
import { buildFolder } from "./child.ts";

/** Compiles a C program of scripts/bench/floor and returns its path. */
export async function compileC(name: string): Promise<string> {
  const binary = join(buildFolder, "floor", name);
  mkdirSync(join(buildFolder, "floor"), { recursive: true });
  const status = await run([
    "cc",
    "-O2",
    "-o",
    binary,
    join(root, "scripts/bench/floor", `${name}.c`),
  ]);
  if (status !== 0) {
    throw new Error(`Cannot measure the floor: cc failed on ${name}.c`);
  }
  return binary;
}

/** Compiles a Go program of scripts/bench/floor and returns its path; undefined where there is no Go. */
export async function compileGo(name: string): Promise<string | undefined> {
  if (await quietly(["go", "version"]).catch(() => 1) !== 0) return undefined;
  const binary = join(buildFolder, "floor", name);
  const status = await run(["go", "build", "-o", binary, join(root, "scripts/bench/floor", `${name}.go`)]);
  if (status !== 0) throw new Error(`Cannot measure Go: go build failed on ${name}.go`);
  return binary;
}
