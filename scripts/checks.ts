import { standInFlags } from "./jsr.ts";
import { capture, print } from "./run.ts";
import { type Count, sum } from "./test/count.ts";

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

/** Runs them side by side; each counts as one test, and what a failed one says is shown. */
export async function runChecks(): Promise<Count> {
  const results = Object.entries(await checks()).map(async ([name, command]) => {
    const { status, output } = await capture(command);
    const hint = name === "deno fmt" || name === "deno lint" ? ", npm run fix may mend it" : "";
    print(`check: ${name}: ${status === 0 ? "passed" : `FAILED${hint}\n${output.trimEnd()}`}`);
    return { passed: Number(status === 0), failures: status === 0 ? [] : [name], skipped: 0 };
  });
  return sum(await Promise.all(results));
}
