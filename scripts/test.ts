/**
 * Runs every suite on every runtime and ends with one line that sums them up.
 *
 *   npm test                       everything
 *   npm test -- node bun           only these suites
 *   npm test -- --newest-node      also on the newest Node there is, as CI does
 *   npm test -- node -- tests/api  what follows the second -- goes to the suite's runner
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { checks } from "./checks.ts";
import { startRegistries } from "../tests/fixtures/registries.ts";
import { standInFlags } from "./jsr.ts";
import { inEmptyNamespaceWithSilence, noSilentLab } from "../tests/fixtures/lab.ts";
import { SILENT_PORT } from "../tests/windows/ports.ts";
import { environment, root, run } from "./run.ts";
import { asOnMac, noMac } from "./test/mac.ts";
import { prepareWindows } from "./test/windows.ts";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const FAILED: Count = { passed: 0, failed: 1, skipped: 0 };
const scratch = mkdtempSync(join(tmpdir(), "realpeer-test-"));
const VITEST = join(root, "node_modules/vitest/vitest.mjs");
/** Tests that start every runtime themselves. */
const CONSUMERS = "tests/consumers";
/** What those tests use and nothing else does. */
const TOOLS = "tests/consumers/tools";

/** Counts of a vitest run from its JSON report; a run without one has failed. */
async function vitest(
  name: string,
  command: string[],
  files: string[],
  config = "tests/vitest.config.ts",
): Promise<Count> {
  const report = join(scratch, `${name}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const args = [...command, VITEST, "run", "--config", config, ...reporters, ...files];
  const status = await run(args);
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    for (const { assertionResults } of testResults) {
      for (const { status, fullName } of assertionResults) {
        if (status === "pending" || status === "skipped") console.log(`${name}: skipped: ${fullName}`);
      }
    }
    // A file that does not load, or an error outside of any test, has no test to be counted under.
    const failed = numFailedTests === 0 && status !== 0 ? 1 : numFailedTests;
    return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** Deno's own runner with its leak sanitizers, against the real @std/assert where JSR can be reached. */
async function denoTest(files: string[]): Promise<Count> {
  const report = join(scratch, "deno_test.xml");
  const flags = [
    "-A",
    "--no-check",
    "--sanitize-resources",
    "--sanitize-ops",
    `--junit-path=${report}`,
    ...await standInFlags(),
  ];
  const status = await run(["deno", "test", ...flags, ...(files.length > 0 ? files : ["tests/deno"])]);
  try {
    const xml = readFileSync(report, "utf8");
    const [, tests, failures, errors] = /<testsuites[^>]* tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(xml) ??
      [];
    const skipped = xml.match(/<skipped/g)?.length ?? 0;
    const failed = Math.max(Number(failures) + Number(errors), status === 0 ? 0 : 1);
    return { passed: Number(tests) - Number(failures) - Number(errors) - skipped, failed, skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** Lint, format, types: each counts as one test. */
async function check(): Promise<Count> {
  const count: Count = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, command] of Object.entries(await checks())) {
    const status = await run(command);
    console.log(`check: ${name}: ${status === 0 ? "passed" : "FAILED"}`);
    count[status === 0 ? "passed" : "failed"]++;
  }
  return count;
}

/** The newest Node that npm has, installed into a folder of this run. */
async function newestNode(files: string[]): Promise<Count> {
  const prefix = join(scratch, "node");
  const status = await run(["npm", "install", "--silent", "--no-save", "--prefix", prefix, "node@latest"]);
  if (status !== 0) return { passed: 0, failed: 1, skipped: 0 };
  return await onRuntime("newest-node", [join(prefix, "node_modules/node/bin/node")])(files);
}

/** Sets REALPEER_TARBALL to the package that this tree makes, unless it is set; whether it is set now. */
async function packTree(): Promise<boolean> {
  if (environment["REALPEER_TARBALL"] !== undefined) return true;
  const out = join(scratch, "npm");
  const build = ["deno", "run", "-A", "--quiet", "scripts/build_npm.ts", "--allow-dirty", "--out", out];
  const pack = ["npm", "pack", "--silent", "--pack-destination", scratch, out];
  for (const command of [build, pack]) if (await run(command) !== 0) return false;
  const tarball = readdirSync(scratch).find((file) => file.endsWith(".tgz"));
  environment["REALPEER_TARBALL"] = join(scratch, tarball ?? "");
  return true;
}

/** The packed package in projects of its own, and on registries of its own: that of REALPEER_TARBALL, or this tree's. */
async function consumers(files: string[]): Promise<Count> {
  if (!await packTree()) return FAILED;
  const tools = ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", TOOLS];
  if (!existsSync(join(root, TOOLS, "node_modules/.package-lock.json")) && await run(tools) !== 0) return FAILED;
  const registries = await startRegistries(resolve(root, environment["REALPEER_TARBALL"] ?? ""));
  Object.assign(environment, registries.env);
  try {
    return await vitest("consumers", ["node"], files.length > 0 ? files : [CONSUMERS]);
  } finally {
    registries.stop();
  }
}

/** The packed package on the runtimes' Windows builds, under Wine, in a network namespace of its own. */
async function windows(files: string[]): Promise<Count> {
  const reason = noSilentLab ?? await prepareWindows();
  if (reason !== undefined) {
    console.log(`windows: skipped: ${reason}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  if (!await packTree()) return FAILED;
  const config = "tests/windows/vitest.config.ts";
  return await vitest(
    "windows",
    inEmptyNamespaceWithSilence(SILENT_PORT, ["node"]),
    files.length > 0 ? files : ["tests/windows"],
    config,
  );
}

/** A suite that runs on one runtime what runs on all of them. */
function onRuntime(name: string, command: string[]): (files: string[]) => Promise<Count> {
  return (files) => vitest(name, command, [...files, `--exclude=${CONSUMERS}/**`, "--exclude=tests/windows/**"]);
}

/** The suite of Node as a developer on macOS sees it: without /proc, network namespaces and python3. */
async function mac(files: string[]): Promise<Count> {
  const reason = noMac(join(scratch, "try"));
  if (reason !== undefined) {
    console.log(`mac: skipped: ${reason}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  return await onRuntime("mac", asOnMac(join(scratch, "mac"), ["node"]))(files);
}

const suites: Record<string, (files: string[]) => Promise<Count>> = {
  check,
  node: onRuntime("node", ["node"]),
  deno: onRuntime("deno", ["deno", "run", "-A", "--quiet"]),
  bun: onRuntime("bun", ["bun", "--bun"]),
  "deno-test": denoTest,
  consumers,
  windows,
  mac,
  "newest-node": newestNode,
};

const separator = process.argv.indexOf("--");
const ownArgs = process.argv.slice(2, separator < 0 ? undefined : separator);
const files = separator < 0 ? [] : process.argv.slice(separator + 1);
const { values, positionals } = parseArgs({
  args: ownArgs,
  allowPositionals: true,
  options: { "newest-node": { type: "boolean", default: process.env["CI"] === "true" } },
});
const unknown = positionals.find((name) => !Object.hasOwn(suites, name));
if (unknown !== undefined) {
  console.error(`Cannot run suite "${unknown}": there are ${Object.keys(suites).join(", ")}`);
  process.exit(2);
}
const everything = Object.keys(suites).filter((name) => name !== "newest-node" || values["newest-node"]);
const total: Count = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
for (const name of positionals.length > 0 ? positionals : everything) {
  const started = performance.now();
  console.log(`\n== ${name}`);
  const { passed, failed, skipped } = await suites[name]!(files);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  lines.push(`${name.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`);
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
