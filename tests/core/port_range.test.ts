import { describe, expect, test } from "vitest";
import {
  assessPort,
  formatPortList,
  includesPort,
  parsePortList,
  portsAtRisk,
  type PortSettings,
} from "../../src/core/port_range.ts";

function settings(low: number, high: number, reserved = "", prefersParity = true): PortSettings {
  return { range: { low, high }, reserved: parsePortList(reserved), prefersParity };
}

describe("the kernel's port lists", () => {
  const cases: readonly [text: string, written: string][] = [
    ["", ""],
    ["\n", ""],
    ["8080", "8080"],
    ["8080,9148-9150\n", "8080,9148-9150"],
    ["41000,5,6-7,60", "5-7,60,41000"],
    ["1-10,5-20,3", "1-20"],
    ["1-10,5", "1-10"],
  ];
  for (const [text, written] of cases) {
    test(`${JSON.stringify(text)} is written as ${JSON.stringify(written)}`, () => {
      expect(formatPortList(parsePortList(text))).toBe(written);
    });
  }

  test("know both ends of a range", () => {
    const list = parsePortList("10-12,20");
    expect([9, 10, 11, 12, 13, 20].filter((port) => includesPort(list, port))).toEqual([10, 11, 12, 20]);
  });

  test("say what is wrong with another shape", () => {
    expect(() => parsePortList("1-2-3")).toThrow('Cannot read port list: expected PORT or PORT-PORT, got "1-2-3"');
  });
});

describe("the odds of a self-connection", () => {
  const cases: readonly [name: string, port: number, given: PortSettings, risk: string, attempts: number | null][] = [
    ["an even port of Linux' default range", 41000, settings(32768, 60999), "high", 14116],
    ["an odd one", 41001, settings(32768, 60999), "low", null],
    ["the low end", 32768, settings(32768, 60999), "high", 14116],
    ["the high end", 60999, settings(32768, 60999), "low", null],
    ["below the range", 32767, settings(32768, 60999), "none", null],
    ["above it", 61000, settings(32768, 60999), "none", null],
    ["a reserved port", 41000, settings(32768, 60999, "41000"), "none", null],
    ["beside reserved ones", 41000, settings(32768, 60999, "40000-40999"), "high", 13616],
    ["an odd port where the low end is odd", 40001, settings(40001, 40010), "high", 5],
    ["an even port where the low end is odd", 40002, settings(40001, 40010), "low", null],
    ["the only even port that is not reserved", 40000, settings(40000, 40003, "40002"), "high", 1],
    ["an odd port when all even ones are reserved", 40001, settings(40000, 40003, "40000,40002"), "high", 2],
    ["the last of an odd number of ports", 40002, settings(40000, 40002), "low", null],
    ["a range of one port", 40000, settings(40000, 40000), "high", 1],
    ["any port where parity does not count", 50001, settings(49152, 65535, "", false), "high", 16384],
  ];
  for (const [name, port, given, risk, expectedAttempts] of cases) {
    test(`${name}: ${risk}`, () => {
      const assessed = assessPort(port, given);
      expect(assessed).toMatchObject({ risk, expectedAttempts });
      expect(assessed.reasons.length).toBeGreaterThan(0);
      expect(portsAtRisk(given).includes(port)).toBe(risk === "high");
    });
  }

  test("a port that the system keeps for itself is no risk, and no server can bind it", () => {
    const given = { ...settings(49152, 65535, "", false), unbindable: parsePortList("50000-50059") };
    const assessed = assessPort(50_000, given);
    expect(assessed).toMatchObject({ risk: "none", reasons: [expect.stringContaining("no server can bind it")] });
    expect(portsAtRisk(given)).not.toContain(50_000);
    expect(assessPort(50_060, given)).toMatchObject({ risk: "high", expectedAttempts: 16_324 });
  });

  test("no port is at risk when all are reserved", () => {
    expect(portsAtRisk(settings(40000, 40003, "40000-40003"))).toEqual([]);
  });
});
