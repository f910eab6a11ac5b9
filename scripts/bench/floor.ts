import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../run.ts";
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
