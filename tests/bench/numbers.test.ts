import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { weigh } from "../../scripts/bench/installed.ts";
import { figure, median, quantile, ratio, shuffled, spread } from "../../scripts/bench/numbers.ts";
import { renderTable } from "../../scripts/bench/suite.ts";

describe("the benchmark's arithmetic", () => {
  test("takes quantiles between neighbours in proportion", () => {
    expect([0, 0.25, 0.5, 0.95, 1].map((share) => quantile([30, 10, 20], share))).toEqual([10, 15, 20, 29, 30]);
    expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, p95: 3.8499999999999996 });
    expect(median([])).toBeNaN();
  });

  test("compares round by round, so that a drift of the machine cancels out", () => {
    expect(ratio([2, 20, 200], [1, 10, 100])).toBe(2);
  });

  test.each([
    [0, "0"],
    [0.01234, "0.012"],
    [1.234, "1.23"],
    [99.96, "100.0"],
    [123.4, "123"],
    [60964, "60964"],
    [NaN, "-"],
  ])("writes %d as %s", (value, text) => {
    expect(figure(value)).toBe(text);
  });

  test("shuffles without losing anything", () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const order = shuffled(items);
    expect(order).not.toEqual(items);
    expect(order.sort((a, b) => a - b)).toEqual(items);
  });
});

test("a table is Markdown, and lines up", () => {
  const table = {
    caption: "**Waiting**",
    columns: ["", "median ms"],
    rows: [["realpeer", "13.1"], ["wait-on", "134"]],
  };
  expect(renderTable(table).split("\n")).toEqual([
    "**Waiting**",
    "",
    "|          | median ms |",
    "| -------- | --------: |",
    "| realpeer |      13.1 |",
    "| wait-on  |       134 |",
  ]);
});

test("an installed package is weighed with all that comes with it, each once", () => {
  const root = mkdtempSync(join(tmpdir(), "realpeer-weigh-"));
  const put = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const manifest = (name: string, ...dependencies: string[]): string =>
    JSON.stringify({ name, dependencies: Object.fromEntries(dependencies.map((each) => [each, "*"])) });
  const manifests = {
    "node_modules/a/package.json": manifest("a", "b", "c"),
    "node_modules/b/package.json": manifest("b", "c"),
    "node_modules/c/package.json": manifest("c"),
    // Nested, for b alone.
    "node_modules/b/node_modules/c/package.json": manifest("c"),
  };
  for (const [path, content] of Object.entries(manifests)) put(path, content);
  put("node_modules/a/lib/index.js", "12345");
  put("node_modules/unrelated/package.json", manifest("unrelated"));
  try {
    const bytes = Object.values(manifests).reduce((sum, content) => sum + content.length, 5);
    expect(weigh(join(root, "node_modules/a"))).toEqual({ bytes, dependencies: 3 });
    put("node_modules/a/package.json", manifest("a", "gone"));
    expect(() => weigh(join(root, "node_modules/a"))).toThrow("Cannot weigh a: its dependency gone is not installed");
  } finally {
    rmSync(root, { recursive: true });
  }
});
