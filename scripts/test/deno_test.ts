import { readFileSync } from "node:fs";
import { join } from "node:path";
import { standInFlags } from "../jsr.ts";
import { run } from "../run.ts";
import { type Count, FAILED } from "./count.ts";

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
    return FAILED;
  }
  const [, tests, failures, errors] = /<testsuites[^>]* tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(xml) ?? [];
  if (tests === undefined) return FAILED;
  const skipped = xml.match(/<skipped/g)?.length ?? 0;
  const wrong = Number(failures) + Number(errors);
  return { passed: Number(tests) - wrong - skipped, failed: Math.max(wrong, status === 0 ? 0 : 1), skipped };
}
