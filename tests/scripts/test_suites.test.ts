import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeCount, sum } from "../../scripts/test/count.ts";
import { countJunit } from "../../scripts/test/deno_test.ts";
import { excluding, NOT_ON_NEWEST_NODE, ONCE, QUICK_FILES } from "../../scripts/test/once.ts";
import type { Report } from "../../scripts/test/report.ts";
import { countReport, describeEmptyChoice, readChoice } from "../../scripts/test/vitest.ts";
import { root } from "../fixtures/runtime.ts";

const REPORT: Report = {
  tests: [
    { name: "connect() works", state: "passed" },
    { name: "connect() in a namespace", state: "skipped" },
    { name: "wait", state: "pending" },
  ],
  errors: [],
};

describe("the counts of a suite", () => {
  test("name what was skipped", () => {
    expect(countReport(REPORT, [], true)).toEqual({
      passed: 1,
      failures: [],
      skipped: 2,
      skippedNames: ["connect() in a namespace", "wait"],
    });
  });

  test("do not count what a name leaves out as skipped", () => {
    expect(countReport(REPORT, ["tests/api", "-t", "works"], true)).toMatchObject({ passed: 1, skipped: 0 });
    expect(countReport(REPORT, ["-t", "connect"], true)).toMatchObject({ passed: 1, skipped: 1 });
  });

  test("name what failed, and why, in a test and outside of any", () => {
    const failed = { name: "a b", state: "failed", message: "expected 1\nmore" } as const;
    const { passed, failures } = countReport(
      { tests: [...REPORT.tests, failed], errors: ["no such module"] },
      [],
      false,
    );
    expect(passed).toBe(1);
    expect(failures).toEqual(["a b\n  expected 1", "no such module"]);
  });

  test("hold one failure where vitest failed after its tests", () => {
    expect(countReport(REPORT, [], false).failures).toEqual(["vitest failed after its tests"]);
  });

  test("hold the reason where no file or no test is what the command line names", () => {
    const nothing: Report = { tests: [], errors: [] };
    expect(countReport(nothing, ["a.test.ts", "b.test.ts", "-t", "x"], false).failures).toEqual([
      "no test file matches a.test.ts, b.test.ts",
    ]);
    expect(describeEmptyChoice(REPORT, ["tests/api", "-t", "no such name"])).toBe("no test is called no such name");
    // A test that was skipped has that name; a file that did not load says so itself.
    expect(describeEmptyChoice(REPORT, ["-t", "in a namespace"])).toBeUndefined();
    expect(describeEmptyChoice({ tests: [], errors: ["a.test.ts\n  no such module"] }, ["a.test.ts"])).toBeUndefined();
  });

  test("are read from the report of deno test", () => {
    const xml = `<testsuites tests="3" failures="1" errors="0"><testsuite>
      <testcase name="a" classname="x" time="0.1"/><testcase name="b" time="0"><skipped/></testcase>
      <testcase name="c" time="0"><failure message="no">no</failure></testcase></testsuite></testsuites>`;
    expect(countJunit(xml, false)).toEqual({ passed: 1, failures: ["c"], skipped: 1 });
    expect(countJunit("<testsuites/>", false).failures).toHaveLength(1);
  });

  test("add up", () => {
    const total = sum([{ passed: 1, failures: ["a", "b"], skipped: 3 }, { passed: 1, failures: ["c"], skipped: 3 }]);
    expect(total).toEqual({ passed: 2, failures: ["a", "b", "c"], skipped: 6 });
    expect(describeCount(total)).toBe("2 passed, 3 failed, 6 skipped");
  });
});

test("files and the pattern of names are read from vitest's own flags", () => {
  expect(readChoice(["tests/api", "-t", "a b"])).toEqual({ files: ["tests/api"], pattern: /a b/ });
  expect(readChoice(["--testNamePattern=a", "--bail=1", "dial"])).toEqual({ files: ["dial"], pattern: /a/ });
  expect(readChoice(["-t=x"])).toEqual({ files: [], pattern: /x/ });
});

test("what runs once, what runs quickly, and what does not run on the newest Node, is there", () => {
  const gone = [...ONCE, ...QUICK_FILES, ...NOT_ON_NEWEST_NODE].filter((name) => !existsSync(join(root, name)));
  expect(gone).toEqual([]);
  expect(excluding(["tests/core/", "tests/a.test.ts"])).toEqual([
    "--exclude=tests/core/**",
    "--exclude=tests/a.test.ts",
  ]);
});
