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

/** Why there is nothing to count, when the files or the pattern of the command line match nothing. */
export function describeEmptyChoice({ tests, errors }: Report, args: readonly string[]): string | undefined {
  const { files, pattern } = readChoice(args);
  if (tests.length === 0 && errors.length === 0) {
    return files.length === 0 ? undefined : `no test file matches ${files.join(", ")}`;
  }
  const isNamed = pattern === undefined || tests.length === 0 || tests.some(({ name }) => pattern.test(name));
  return isNamed ? undefined : `no test is called ${pattern.source}`;
}

/** Counts of a report. Tests that `-t` left out are no part of the run: they are not skipped. */
export function countReport(
  report: Report,
  args: readonly string[],
  hasSucceeded: boolean,
): Count & { readonly skippedNames: readonly string[] } {
  const { tests, errors } = report;
  const { pattern } = readChoice(args);
  const skippedNames = tests
    .filter(({ state, name }) => state !== "passed" && state !== "failed" && (pattern?.test(name) ?? true))
    .map(({ name }) => name);
  const failures = tests.filter(({ state }) => state === "failed")
    .map(({ name, message }) => `${name}\n  ${message?.split("\n")[0] ?? ""}`);
  failures.push(...errors);
  if (failures.length === 0 && !hasSucceeded) {
    failures.push(describeEmptyChoice(report, args) ?? "vitest failed after its tests");
  }
  const passed = tests.filter(({ state }) => state === "passed").length;
  return { passed, failures, skipped: skippedNames.length, skippedNames };
}

/** Runs vitest once. A run that leaves no report has failed. */
export async function vitest({ name, command, args, config = VITEST_CONFIG, scratch }: VitestRun): Promise<Count> {
  const file = join(scratch, `${name}.json`);
  const reporters = ["--reporter=default", `--reporter=${COUNT_REPORTER}`, `--outputFile.count=${file}`];
  const status = await run([...command, VITEST, "run", "--config", config, ...reporters, ...args]);
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return notRun("vitest left no report");
  }
  const { skippedNames, ...count } = countReport(report, args, status === 0);
  // Vitest takes it for a success. It is no failure of the suite: the test may belong to another one.
  const nothing = count.failures.length === 0 ? describeEmptyChoice(report, args) : undefined;
  if (nothing !== undefined) print(`${name}: ${nothing}`);
  for (const fullName of skippedNames) print(`${name}: skipped: ${fullName}`);
  return count;
}
