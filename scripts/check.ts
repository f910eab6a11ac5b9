/** Lint, format and types, the first suite of `npm test`. */
import process from "node:process";
import { runChecks } from "./checks.ts";

const { failed } = await runChecks();
process.exit(failed === 0 ? 0 : 1);
