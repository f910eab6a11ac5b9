import { environment, print, quietly } from "./run.ts";

/**
 * Flags for Deno commands that load @std/assert: none where JSR, or the one of JSR_URL, can be reached, else an import
 * map that puts a stand-in over node:assert in its place. Says in one line which it is.
 */
export async function standInFlags(): Promise<string[]> {
  const jsr = environment["JSR_URL"] ?? "JSR";
  const isReached = await quietly(["deno", "cache", "--no-lock", "jsr:@std/assert@^1"]) === 0;
  print(
    isReached
      ? `@std/assert is the one of ${jsr}`
      : `${jsr} cannot be reached: @std/assert is tests/fixtures/std_assert.ts`,
  );
  return isReached ? [] : ["--import-map=tests/fixtures/without_jsr.json"];
}
