import { standInFlags } from "./jsr.ts";

/** What must be clean, and the commands that tell. */
export async function checks(): Promise<Readonly<Record<string, readonly string[]>>> {
  const standIn = await standInFlags();
  return {
    "deno fmt": ["deno", "fmt", "--check"],
    "deno lint": ["deno", "lint"],
    "deno check": ["deno", "check", ...standIn, "mod.ts", "src", "scripts", "tests"],
    "tsc": ["tsc", "-p", "src"],
  };
}
