/** Lint, format and types, the quick part of `npm test`. */
import process from "node:process";
import { checks } from "./checks.ts";
import { run } from "./run.ts";

for (const command of Object.values(await checks())) {
  if (await run(command) !== 0) process.exit(1);
}
