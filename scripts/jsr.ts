import { quietly } from "./run.ts";

/**
 * Flags for Deno commands that load @std/assert: none where JSR can be reached, else an import map that puts a stand-in
 * over node:assert in its place. Says in one line which it is.
 */
export async function standInFlags(): Promise<string[]> {
  if (await quietly(["deno", "cache", "--no-lock", "jsr:@std/assert@^1"]) === 0) return [];
  console.log("JSR cannot be reached: @std/assert is tests/fixtures/std_assert.ts in this run");
  return ["--import-map=tests/fixtures/without_jsr.json"];
}
