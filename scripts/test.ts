/**
 * Runs every suite on every runtime and ends with one line that sums them up.
 *
 *   npm test                               everything
 *   npm test -- node bun                   only these suites
 *   npm test -- node -- FILE -t NAME       one test by name: what follows the second -- goes to the suite's runner
 *   npm test -- --newest-node              also on the newest Node there is, as CI does
 *   npm run test:quick                     checks, core, host, the command in process
 *   npm run test:watch                     the tests among these that a change touches, again and again
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { environment, interactively, keepingOutput } from "./run.ts";
import { type Count, describeCount, notRun, sum } from "./test/count.ts";
import { QUICK } from "./test/once.ts";
import { findPythonItself } from "./test/python.ts";
import { suites } from "./test/suites.ts";
import { VITEST, VITEST_CONFIG } from "./test/vitest.ts";

const separator = process.argv.indexOf("--");
const suiteArgs = separator < 0 ? [] : process.argv.slice(separator + 1);
const { values, positionals } = parseArgs({
  args: process.argv.slice(2, separator < 0 ? undefined : separator),
  allowPositionals: true,
  options: {
    "newest-node": { type: "boolean", default: process.env["CI"] === "true" },
    watch: { type: "boolean", default: false },
  },
});
const unknown = positionals.find((name) => !Object.hasOwn(suites, name));
if (unknown !== undefined) {
  console.error(`Cannot run suite "${unknown}": there are ${Object.keys(suites).join(", ")}`);
  process.exit(2);
}
if (values.watch) {
  const files = suiteArgs.length > 0 ? suiteArgs : QUICK;
  process.exit(await interactively(["node", VITEST, "watch", "--config", VITEST_CONFIG, ...files]));
}

/** `quick` is a part of the others. */
const isInEverything = (name: string): boolean => name !== "quick" && (name !== "newest-node" || values["newest-node"]);
const names = positionals.length > 0 ? positionals : Object.keys(suites).filter(isInEverything);
/** For everything that the tests write; other users' servers have to reach it. */
const scratch = mkdtempSync(join(tmpdir(), "realpeer-test-"));
chmodSync(scratch, 0o755);
environment["TMPDIR"] = scratch;
findPythonItself(scratch);
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}
const counts = new Map<string, Count & { readonly seconds: number }>();
async function runSuite(name: string): Promise<void> {
  const started = performance.now();
  // One that fails to run leaves the others their time, and is in the summary.
  const count = await suites[name]!(suiteArgs, scratch).catch((error: unknown) => notRun(String(error)));
  counts.set(name, { ...count, seconds: Math.round((performance.now() - started) / 1000) });
}

/** They wait for registries, package managers and Wine half of their time. */
const BESIDE_OTHERS: readonly string[] = ["consumers", "windows", "newest-node"];
const waiting = names.filter((name) => !BESIDE_OTHERS.includes(name));
const waitingBeside = names.filter((name) => BESIDE_OTHERS.includes(name));
const outputs: string[] = [];

async function runInView(): Promise<void> {
  for (let name; (name = waiting.shift() ?? waitingBeside.shift()) !== undefined;) {
    console.log(`\n== ${name}`);
    await runSuite(name);
  }
}

/** Beside those in view, which leave the cores idle too; takes the last of them when its own are done. */
async function runBeside(): Promise<void> {
  for (let name; (name = waitingBeside.shift() ?? waiting.pop()) !== undefined;) {
    const suite = name;
    const { output } = await keepingOutput(() => runSuite(suite));
    outputs.push(`\n== ${suite}\n${output}`);
  }
}
await Promise.all([runInView(), runBeside()]);
for (const output of outputs) console.log(output);
console.log();
for (const name of names) {
  const count = counts.get(name)!;
  console.log(`  ${name.padEnd(12)} ${describeCount(count)} in ${count.seconds} s`);
}
// Once more: of a long output only the end may be kept.
for (const [name, { failures }] of counts) {
  for (const failure of failures) console.log(`\n${name}: FAILED: ${failure}`);
}
const total = sum([...counts.values()]);
console.log(`\n${describeCount(total)}`);
process.exit(total.failures.length === 0 && total.passed > 0 ? 0 : 1);
