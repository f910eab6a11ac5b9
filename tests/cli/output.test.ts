import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { table } from "../../src/cli/output.ts";
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
