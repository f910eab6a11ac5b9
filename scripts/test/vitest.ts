import { readFileSync } from "node:fs";
import { join } from "node:path";
import { print, root, run } from "../run.ts";
import { type Count, notRun } from "./count.ts";
import type { Report } from "./report.ts";

/** The program, as Node, Deno and Bun all run it. */
export const VITEST: string = join(root, "node_modules/vitest/vitest.mjs");
export const VITEST_CONFIG = "tests/vitest.config.ts";
const COUNT_REPORTER = join(root, "scripts/test/report.ts");

export interface VitestRun {
  /** The suite: names its report and its lines. */
  readonly name: string;
  /** The runtime, as a command. */
  readonly command: readonly string[];
  /** Files, folders and flags. */
  readonly args: readonly string[];
  readonly config?: string;
  /** The folder for the report. */
  readonly scratch: string;
}

/** What a command line of vitest chooses: files by parts of their paths, tests by a pattern of their names. */
export function readChoice(args: readonly string[]): { files: string[]; pattern: RegExp | undefined } {
  const files: string[] = [];
  let pattern: RegExp | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const [, value] = /^--?(?:t|testNamePattern)=(.*)$/s.exec(arg) ?? [];
    if (value !== undefined) pattern = new RegExp(value);
    else if (arg === "-t" || arg === "--testNamePattern") pattern = new RegExp(args[++i] ?? "");
    else if (!arg.startsWith("-")) files.push(arg);
  }
  return { files, pattern };
}

/** Counts of a report. Tests that `-t` left out are no part of the run: they are not skipped. */
export function countReport(
  { tests, errors }: Report,
  args: readonly string[],
  hasSucceeded: boolean,
): Count & { readonly skippedNames: readonly string[] } {
  const { pattern } = readChoice(args);
  const skippedNames = tests
    .filter(({ state, name }) => state !== "passed" && state !== "failed" && (pattern?.test(name) ?? true))
    .map(({ name }) => name);
  const failures = tests.filter(({ state }) => state === "failed")
    .map(({ name, message }) => `${name}\n  ${message?.split("\n")[0] ?? ""}`);
  failures.push(...errors);
  if (failures.length === 0 && !hasSucceeded) failures.push("vitest failed after its tests");
  const passed = tests.filter(({ state }) => state === "passed").length;
  return { passed, failures, skipped: skippedNames.length, skippedNames };
}

/** Runs vitest once. A run that leaves no report has failed. */
export async function vitest({ name, command, args, config = VITEST_CONFIG, scratch }: VitestRun): Promise<Count> {
  const report = join(scratch, `${name}.json`);
  const reporters = ["--reporter=default", `--reporter=${COUNT_REPORTER}`, `--outputFile.count=${report}`];
  const status = await run([...command, VITEST, "run", "--config", config, ...reporters, ...args]);
  let text;
  try {
    text = readFileSync(report, "utf8");
  } catch {
    return notRun("vitest left no report");
  }
  const { skippedNames, ...count } = countReport(JSON.parse(text), args, status === 0);
  for (const fullName of skippedNames) print(`${name}: skipped: ${fullName}`);
  return count;
}
