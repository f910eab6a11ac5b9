/** Lint, format and types, the first suite of `npm test`. */
import process from "node:process";
import { runChecks } from "./checks.ts";

const { failures } = await runChecks();
process.exit(failures.length === 0 ? 0 : 1);
