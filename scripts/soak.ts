/** Runs tests/adapters/soak.test.ts long: 100,000 attempts and steps of half a millisecond for each connect of each runtime. */
import process from "node:process";
import { environment, run } from "./run.ts";

environment["REALPEER_SOAK_ATTEMPTS"] ??= "100000";
environment["REALPEER_SOAK_STEP_MS"] ??= "0.5";
process.exit(
  await run(["deno", "run", "-A", "scripts/test.ts", "node", "deno", "bun", "--", "tests/adapters/soak.test.ts"]),
);
