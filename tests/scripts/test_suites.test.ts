import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sum } from "../../scripts/test/count.ts";
import { excluding, ONCE, QUICK_FILES } from "../../scripts/test/once.ts";
import { countReport, readChoice } from "../../scripts/test/vitest.ts";
import { root } from "../fixtures/runtime.ts";

const REPORT = {
  numPassedTests: 1,
  numFailedTests: 0,
  testResults: [{
    assertionResults: [
      { status: "passed", fullName: "connect() works" },
      { status: "skipped", fullName: "connect() in a namespace" },
      { status: "pending", fullName: "wait" },
    ],
  }],
};

describe("the counts of a suite", () => {
  test("name what was skipped", () => {
    expect(countReport(REPORT, [], true)).toEqual({
      passed: 1,
      failed: 0,
      skipped: 2,
      skippedNames: ["connect() in a namespace", "wait"],
    });
  });

  test("do not count what a name leaves out as skipped", () => {
    expect(countReport(REPORT, ["tests/api", "-t", "works"], true)).toMatchObject({ passed: 1, skipped: 0 });
    expect(countReport(REPORT, ["-t", "connect"], true)).toMatchObject({ passed: 1, skipped: 1 });
  });

  test("hold one failure where vitest failed without a failed test", () => {
    expect(countReport(REPORT, [], false)).toMatchObject({ passed: 1, failed: 1 });
  });

  test("add up", () => {
    const count = { passed: 1, failed: 2, skipped: 3 };
    expect(sum([count, count])).toEqual({ passed: 2, failed: 4, skipped: 6 });
  });
});

test("files and the pattern of names are read from vitest's own flags", () => {
  expect(readChoice(["tests/api", "-t", "a b"])).toEqual({ files: ["tests/api"], pattern: /a b/ });
  expect(readChoice(["--testNamePattern=a", "--bail=1", "dial"])).toEqual({ files: ["dial"], pattern: /a/ });
  expect(readChoice(["-t=x"])).toEqual({ files: [], pattern: /x/ });
});

test("what runs once, and what runs quickly, is there", () => {
  const gone = [...ONCE, ...QUICK_FILES].filter((name) => !existsSync(join(root, name)));
  expect(gone).toEqual([]);
  expect(excluding(["tests/core/", "tests/a.test.ts"])).toEqual([
    "--exclude=tests/core/**",
    "--exclude=tests/a.test.ts",
  ]);
});
