/** What must be clean, and the command that tells. */
export const checks: Readonly<Record<string, readonly string[]>> = {
  "deno fmt": ["deno", "fmt", "--check"],
  "deno lint": ["deno", "lint"],
  "deno check": ["deno", "check", "mod.ts", "src", "scripts", "tests"],
  "tsc": ["tsc", "-p", "src"],
};
