import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDynamicPorts, parseExcludedPorts, parseRange, readPortSettings } from "../../src/host/port_settings.ts";
import { NETSH } from "../fixtures/netsh.ts";

test("the range as Linux and macOS write it", () => {
  expect(parseRange("32768\t60999\n")).toEqual({ low: 32768, high: 60999 });
  expect(parseRange("49152\n65535\n")).toEqual({ low: 49152, high: 65535 });
});

for (const text of ["nonsense", "", "60999 32768", "49152 65536", "0 10", "1"]) {
  test(`${JSON.stringify(text)} is no range`, () => {
    expect(() => parseRange(text)).toThrow(`Cannot read the ephemeral range: got ${JSON.stringify(text)}`);
  });
}

for (const [language, { dynamic, excluded, encodings }] of Object.entries(NETSH)) {
  for (const [encoding, encode] of Object.entries(encodings)) {
    test(`the range as netsh writes it in ${language}, in ${encoding}`, () => {
      expect(parseDynamicPorts(encode(dynamic).toString("latin1"))).toEqual({ low: 1024, high: 14_999 });
    });

    test(`the excluded ports as netsh writes them in ${language}, in ${encoding}: with * and without`, () => {
      expect(parseExcludedPorts(encode(excluded).toString("latin1"))).toEqual({
        administered: [{ low: 50000, high: 50059 }],
        unbindable: [{ low: 1080, high: 1179 }, { low: 5357, high: 5357 }],
      });
    });
  }
}

test("a message in place of the range, whatever numbers it has", () => {
  for (const text of ["", "The following command was not found: int ipv4.\r\n", "Error 5\r\n"]) {
    expect(() => parseDynamicPorts(text)).toThrow("Cannot read the ephemeral range");
  }
});

test("a system of which it is not known is not taken for Linux", () => {
  for (const platform of ["openbsd", "sunos", "aix"]) {
    expect(() => readPortSettings("/proc", platform)).toThrow(`it is not known how ${platform} tells it`);
  }
});

test("the settings of Linux and Android are read from files, and from no folder", () => {
  const root = mkdtempSync(join(tmpdir(), "realpeer-sysctl-"));
  const folder = join(root, "sys/net/ipv4");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "ip_local_port_range"), "32768\t60999\n");
  writeFileSync(join(folder, "ip_local_reserved_ports"), "8080,9000-9002\n");
  for (const platform of ["linux", "android"]) {
    expect(readPortSettings(root, platform)).toEqual({
      range: { low: 32768, high: 60999 },
      reserved: [{ low: 8080, high: 8080 }, { low: 9000, high: 9002 }],
      prefersParity: true,
    });
  }
  rmSync(join(folder, "ip_local_port_range"));
  mkdirSync(join(folder, "ip_local_port_range"));
  expect(() => readPortSettings(root, "linux")).toThrow(/^Cannot read .*ip_local_port_range/);
  rmSync(root, { recursive: true });
});
