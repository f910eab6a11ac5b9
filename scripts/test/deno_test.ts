import { readFileSync } from "node:fs";
import { join } from "node:path";
import { standInFlags } from "../jsr.ts";
import { run } from "../run.ts";
import { type Count, notRun } from "./count.ts";

/** Counts of a report in JUnit's format. */
export function countJunit(xml: string, hasSucceeded: boolean): Count {
  const cases = xml.match(/<testcase .*?(?:\/>|<\/testcase>)/gs) ?? [];
  const failures = cases.filter((each) => /<(?:failure|error)\b/.test(each))
    .map((each) => /\bname="([^"]*)"/.exec(each)?.[1] ?? each);
  const skipped = cases.filter((each) => each.includes("<skipped")).length;
  const passed = cases.length - failures.length - skipped;
  // A file that does not load has no test to be counted under.
  if (failures.length === 0 && !hasSucceeded) failures.push("deno test, outside of any test");
  return { passed, failures, skipped };
}

/** Deno's own runner with its leak sanitizers, against the real @std/assert where JSR can be reached. */
export async function denoTest(args: readonly string[], scratch: string): Promise<Count> {
  const report = join(scratch, "deno_test.xml");
  const flags = [
    "-A",
    "--no-check",
    "--sanitize-resources",
    "--sanitize-ops",
    `--junit-path=${report}`,
    ...await standInFlags(),
  ];
  const status = await run(["deno", "test", ...flags, ...(args.length > 0 ? args : ["tests/deno"])]);
  let xml;
  try {
    xml = readFileSync(report, "utf8");
  } catch {
    return notRun("deno test left no report");
  }
  return countJunit(xml, status === 0);
}
