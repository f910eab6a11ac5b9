import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { painterFor, roundMs, StatusLine, table, writeJsonBefore } from "../../src/cli/output.ts";
import { FakeOutput, FakeSystem } from "./fake_system.ts";

describe("text that is wider or narrower than its number of characters", () => {
  test("keeps the columns of a table aligned", () => {
    // e with a combining accent, which is one column, and six characters of two columns.
    const rows = [["日本語", "a"], ["cafe\u0301", "b"], ["123456", "c"]];
    expect(table(rows, new FakeOutput(false))).toBe("日本語  a\ncafe\u0301    b\n123456  c\n");
  });

  test("is cut where the line of the terminal ends", () => {
    const text = "語".repeat(60);
    expect(table([["x", text]], new FakeOutput(true))).toBe(`x  ${"語".repeat(38)}…\n`);
    const fitting = "y".repeat(77);
    expect(table([["x", fitting]], new FakeOutput(true))).toBe(`x  ${fitting}\n`);
  });

  test("leaves the status line one line, also with the ^C that the terminal adds", async () => {
    const system = new FakeSystem(["wait", `unix:/no/${"語".repeat(30)}`, "-t", "300ms"], true);
    await runCommandLine(system);
    const [, drawn = ""] = system.stderr.text.split("\r\x1b[K");
    expect(drawn).toMatch(/^waiting .*語…$/);
    const wide = drawn.match(/語/g)?.length ?? 0;
    expect(drawn.length + wide + "^C".length).toBeLessThanOrEqual(system.stderr.columns());
  });
});

describe("colours", () => {
  const cases: readonly [where: string, isTerminal: boolean, env: Readonly<Record<string, string>>, text: string][] = [
    ["are for a terminal", true, {}, "\x1b[31mhigh\x1b[0m"],
    ["are not for a dumb terminal", true, { TERM: "dumb" }, "high"],
    ["are not for a pipe", false, { TERM: "xterm" }, "high"],
    ["are not for users who set NO_COLOR", true, { NO_COLOR: "1" }, "high"],
    ["are for users who leave NO_COLOR empty", true, { NO_COLOR: "" }, "\x1b[31mhigh\x1b[0m"],
  ];
  for (const [where, isTerminal, env, text] of cases) {
    test(where, () => {
      const system = new FakeSystem([], isTerminal, env);
      expect(painterFor(system.stdout, system)("red", "high")).toBe(text);
    });
  }
});

describe("the status line", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    expect(vi.getTimerCount(), "timers left").toBe(0);
    vi.useRealTimers();
  });

  test("is drawn after a while, drawn again, and removed once", () => {
    const system = new FakeSystem([], true);
    let text = "one";
    const line = new StatusLine(system, () => text);
    vi.advanceTimersByTime(99);
    expect(system.stderr.text).toBe("");
    vi.advanceTimersByTime(1);
    text = "two";
    vi.advanceTimersByTime(100);
    line.clear();
    line.clear();
    vi.advanceTimersByTime(1000);
    expect(system.stderr.text).toBe("\r\x1b[Kone\r\x1b[Ktwo\r\x1b[K");
  });

  test("is not removed where it was never drawn", () => {
    for (const system of [new FakeSystem([], false), new FakeSystem([], true, { TERM: "dumb" })]) {
      const line = new StatusLine(system, () => "text");
      vi.advanceTimersByTime(500);
      expect(vi.getTimerCount()).toBe(0);
      line.clear();
      expect(system.stderr.text).toBe("");
    }
  });
});

test("JSON that cannot be written is a failure, but not where a command follows", () => {
  const system = new FakeSystem([]);
  system.stdout.write = () => {
    throw new Error("ENOSPC");
  };
  expect(() => writeJsonBefore(undefined, system, {})).toThrow("ENOSPC");
  expect(() => writeJsonBefore(["true"], system, {})).not.toThrow();
});

test("milliseconds are rounded to a tenth", () => expect([1.26, 12.34, 0.04].map(roundMs)).toEqual([1.3, 12.3, 0]));
