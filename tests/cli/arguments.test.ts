import { describe, expect, test } from "vitest";
import { nearest, parseArguments, parsePort } from "../../src/cli/arguments.ts";
import { formatDuration, parseDuration } from "../../src/cli/duration.ts";
import { UsageError } from "../../src/cli/errors.ts";

describe("durations", () => {
  const read: readonly [text: string, ms: number][] = [
    ["0", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["1.5s", 1500],
    ["5m", 300_000],
    ["1h", 3_600_000],
  ];
  for (const [text, ms] of read) {
    test(`${text} is ${ms} ms`, () => expect(parseDuration("--timeout", text)).toBe(ms));
  }

  const refused: readonly [text: string, message: string][] = [
    ["30", "Cannot read --timeout 30: expected a unit, as in 30s or 30ms"],
    ["5x", "Cannot read --timeout 5x: expected 250ms, 30s, 5m, 1h or 0"],
    ["-5s", "Cannot read --timeout -5s: expected 250ms, 30s, 5m, 1h or 0"],
    ["s", "Cannot read --timeout s: expected 250ms, 30s, 5m, 1h or 0"],
    ["", "Cannot read --timeout : expected 250ms, 30s, 5m, 1h or 0"],
    ["toString", "Cannot read --timeout toString: expected 250ms, 30s, 5m, 1h or 0"],
  ];
  for (const [text, message] of refused) {
    test(`"${text}" is refused`, () => expect(() => parseDuration("--timeout", text)).toThrow(new UsageError(message)));
  }

  const written: readonly [ms: number, text: string][] = [
    [0, "0 ms"],
    [12.4, "12 ms"],
    [999.6, "1.0 s"],
    [1234, "1.2 s"],
    [59_960, "1 min 0 s"],
    [3_600_000, "60 min 0 s"],
  ];
  for (const [ms, text] of written) test(`${ms} ms is written ${text}`, () => expect(formatDuration(ms)).toBe(text));
});

describe("options", () => {
  const specs = { json: { type: "boolean" }, timeout: { type: "string", short: "t" } } as const;

  test("are read in any order and spelling", () => {
    const { values, positionals } = parseArguments("wait", ["a", "--json", "-t", "5s", "b"], specs);
    expect([values.json, values.timeout, positionals]).toEqual([true, "5s", ["a", "b"]]);
    expect(parseArguments("wait", ["--timeout=5s"], specs).values.timeout).toBe("5s");
  });

  const refused: readonly [args: string[], message: string][] = [
    [["--jsno"], "Unknown option --jsno, did you mean --json?"],
    [["--timeuot", "5s"], "Unknown option --timeuot, did you mean --timeout?"],
    [["--time=5s"], "Unknown option --time, did you mean --timeout?"],
    [["--frobnicate"], "Unknown option --frobnicate, see realpeer wait --help"],
    [["--constructor"], "Unknown option --constructor, see realpeer wait --help"],
    [["-x"], "Unknown option -x, see realpeer wait --help"],
    [["--timeout"], "Option --timeout needs a value, see realpeer wait --help"],
    [["--timeout="], "Option --timeout needs a value, see realpeer wait --help"],
    [["--timeout", "--json"], "Option --timeout needs a value, see realpeer wait --help"],
    [["--json=yes"], 'Option --json takes no value, got "yes"'],
  ];
  for (const [args, message] of refused) {
    test(`${args.join(" ")} is refused`, () => {
      expect(() => parseArguments("wait", args, specs)).toThrow(new UsageError(message));
    });
  }

  test("the nearest known word is one that was probably meant", () => {
    const known = ["wait", "demo", "check", "scan"];
    expect(nearest("wiat", known)).toBe("wait");
    expect(nearest("chek", known)).toBe("check");
    expect(nearest("zzzz", known)).toBeUndefined();
    // The beginning of a word is nearer than a word with two wrong letters; one letter is no beginning.
    expect(nearest("att", ["any", "attempt-timeout"])).toBe("attempt-timeout");
    expect(nearest("stat", ["stab", "status"])).toBe("status");
    expect(nearest("a", ["attempt-timeout"])).toBeUndefined();
    // Half of the letters may be wrong.
    expect([nearest("waxx", known), nearest("wxxx", known)]).toEqual(["wait", undefined]);
    // Of three letters one may be wrong, and two swapped letters are one mistake, wherever they are.
    for (const word of ["nay", "ayn"]) expect(nearest(word, ["any"])).toBe("any");
    for (const word of ["yan", "nya", "nxy", "xay", "nax"]) expect(nearest(word, ["any"])).toBeUndefined();
  });
});

describe("ports", () => {
  test("a port is a number from 1 to 65535", () => {
    expect(parsePort("65535")).toBe(65535);
    for (const text of ["0", "65536", "-1", "1e3", "0x10", " 80", "80 ", "http", ""]) {
      expect(() => parsePort(text)).toThrow(UsageError);
    }
  });
});
