import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { inEmptyNamespaceWithSilence, noSilentLab } from "../../tests/fixtures/lab.ts";
import { startRegistries } from "../../tests/fixtures/registries.ts";
import { SILENT_PORT } from "../../tests/windows/ports.ts";
import { runChecks } from "../checks.ts";
import { environment, root, run } from "../run.ts";
import { type Count, notRun, skipped, sum } from "./count.ts";
import { denoTest } from "./deno_test.ts";
import { asOnMac, noMac } from "./mac.ts";
import { excluding, NOT_ON_NEWEST_NODE, ONCE, QUICK } from "./once.ts";
import { packTree } from "./pack.ts";
import { readChoice, vitest } from "./vitest.ts";
import { prepareWindows } from "./windows.ts";

/** A part of the tests. `args` go to its runner; `scratch` is a folder that is removed when all is done. */
export type Suite = (args: readonly string[], scratch: string) => Promise<Count>;

/** Tests that start every runtime themselves. */
const CONSUMERS = "tests/consumers/";
/** What those tests use and nothing else does. */
const TOOLS = `${CONSUMERS}tools`;
const WINDOWS = "tests/windows/";
const NODE = ["node"];

/**
 * The tests that every runtime has to pass, on one of them, but for those that run `elsewhere`. A file that is named runs
 * wherever it belongs.
 */
function onRuntime(name: string, command: readonly string[], elsewhere: readonly string[] = ONCE): Suite {
  return (args, scratch) => {
    const excluded = [CONSUMERS, WINDOWS, ...(readChoice(args).files.length > 0 ? [] : elsewhere)];
    return vitest({ name, command, args: [...args, ...excluding(excluded)], scratch });
  };
}

/** What touches no runtime, on Node. */
const core: Suite = (args, scratch) =>
  vitest({ name: "core", command: NODE, args: readChoice(args).files.length > 0 ? args : [...ONCE, ...args], scratch });

/** What a change is judged by while it is made. The checks leave a core to the tests. */
const quick: Suite = async (args, scratch) => {
  const tests = vitest({ name: "quick", command: NODE, args: [...QUICK, ...args], scratch });
  return sum(await Promise.all([runChecks(), tests]));
};

/** The newest Node that npm has, installed into a folder of this run. */
const newestNode: Suite = async (args, scratch) => {
  const prefix = join(scratch, "node");
  const status = await run(["npm", "install", "--silent", "--no-save", "--prefix", prefix, "node@latest"]);
  if (status !== 0) return notRun("node@latest cannot be installed");
  const command = [join(prefix, "node_modules/node/bin/node")];
  return await onRuntime("newest-node", command, [...ONCE, ...NOT_ON_NEWEST_NODE])(args, scratch);
};

/** The packed package in projects of its own, and on registries of its own: that of REALPEER_TARBALL, or this tree's. */
const consumers: Suite = async (args, scratch) => {
  if (!await packTree(scratch)) return notRun("the package cannot be built");
  const tools = ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", TOOLS];
  if (!existsSync(join(root, TOOLS, "node_modules/.package-lock.json")) && await run(tools) !== 0) {
    return notRun("npm ci");
  }
  const registries = await startRegistries(resolve(root, environment["REALPEER_TARBALL"] ?? ""));
  Object.assign(environment, registries.env);
  try {
    const chosen = readChoice(args).files.length > 0 ? args : [CONSUMERS, ...args];
    return await vitest({ name: "consumers", command: NODE, args: chosen, scratch });
  } finally {
    registries.stop();
  }
};

/** The packed package on the runtimes' Windows builds, under Wine, in a network namespace of its own. */
const windows: Suite = async (args, scratch) => {
  const reason = noSilentLab ?? await prepareWindows();
  if (reason !== undefined) return skipped("windows", reason);
  if (!await packTree(scratch)) return notRun("the package cannot be built");
  return await vitest({
    name: "windows",
    command: inEmptyNamespaceWithSilence(SILENT_PORT, NODE),
    args: readChoice(args).files.length > 0 ? args : [WINDOWS, ...args],
    config: `${WINDOWS}vitest.config.ts`,
    scratch,
  });
};

/** The suite of Node as a developer on macOS sees it: without /proc, network namespaces and python3. */
const mac: Suite = async (args, scratch) => {
  const reason = noMac(join(scratch, "try"));
  if (reason !== undefined) return skipped("mac", reason);
  return await onRuntime("mac", asOnMac(join(scratch, "mac"), NODE))(args, scratch);
};

/** In the order in which scripts/test.ts starts them: what is quick to fail comes first. */
export const suites: Readonly<Record<string, Suite>> = {
  check: () => runChecks(),
  core,
  node: onRuntime("node", NODE),
  deno: onRuntime("deno", ["deno", "run", "-A", "--quiet"]),
  bun: onRuntime("bun", ["bun", "--bun"]),
  "deno-test": denoTest,
  consumers,
  windows,
  mac,
  "newest-node": newestNode,
  quick,
};
