import { describe, expect, test } from "vitest";
import { formatEndpoint, ipVersion, sameEndpoint, toHostname, unmapped } from "../../src/core/endpoint.ts";
import { parseEndpoint } from "../../src/core/parse_endpoint.ts";

describe("parseEndpoint()", () => {
  const cases: [text: string, hostname: string, port: number][] = [
    ["5432", "localhost", 5432],
    [":5432", "localhost", 5432],
    ["host:5432", "host", 5432],
    ["127.0.0.1:1", "127.0.0.1", 1],
    ["[::1]:5432", "::1", 5432],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
    ["[fe80::1%br_lan]:80", "fe80::1%br_lan", 80],
    ["tcp://host:5432", "host", 5432],
    ["tcp://host:5432/", "host", 5432],
    ["TCP://[::1]:65535", "::1", 65535],
    ["tcp://:80", "localhost", 80],
    ["00080", "localhost", 80],
    ["my_service.internal:80", "my_service.internal", 80],
  ];
  for (const [text, hostname, port] of cases) {
    test(`reads ${text}`, () => expect(parseEndpoint(text)).toEqual({ hostname, port }));
  }

  const misread: [text: string, says: string][] = [
    ["::1:80", "an IPv6 address needs brackets, as in [::1]:80"],
    ["fe80::1%eth0:80", "an IPv6 address needs brackets, as in [::1]:80"],
    ["http://localhost:3000", "a URL is no endpoint, expected HOST:PORT"],
    ["redis://localhost:6379", "a URL is no endpoint, expected HOST:PORT"],
    ["a:1:2", "expected PORT, HOST:PORT or [IPV6]:PORT"],
    ["256.1.1.1:80", "the host is neither a host name nor an address"],
    [`${"a".repeat(64)}:80`, "the host is neither a host name nor an address"],
  ];
  for (const [text, says] of misread) {
    test(`says of ${text} that ${says}`, () => expect(() => parseEndpoint(text)).toThrow(`: ${says}`));
  }

  const shapeless = [
    ...[
      "",
      " ",
      "host",
      "host:",
      "host:port",
      "[::1]",
      "[::1]80",
      "::1:5432",
      "[127.0.0.1]:80",
      "[host]:80",
      "[::1%]:80",
    ],
    ...[
      "http://host:80",
      "tcp://5432",
      "tcp://host:5432/path",
      "user@host:80",
      "ho st:80",
      " 80",
      "80 ",
      "1e3",
      "+80",
      "-1",
    ],
    ...["host:80:90", "[::1]:80/", "fe80::1%eth0:80", "host:8_0", "[[::1]]:80", "host\n:80", "0x50"],
  ];
  for (const text of shapeless) {
    test(`has a TypeError for ${JSON.stringify(text)}`, () => {
      expect(() => parseEndpoint(text)).toThrow(TypeError);
      expect(() => parseEndpoint(text)).toThrow(`Cannot parse endpoint ${JSON.stringify(text)}: `);
    });
  }
  for (const text of ["0", "host:0", "65536", "[::1]:99999999999999999999"]) {
    test(`has a RangeError for ${text}`, () => {
      expect(() => parseEndpoint(text)).toThrow(RangeError);
      expect(() => parseEndpoint(text)).toThrow("is not between 1 and 65535");
    });
  }
  test("has a TypeError for what is no text", () => {
    expect(() => parseEndpoint(5432 as never)).toThrow(
      "Cannot parse endpoint: expected a string, got number",
    );
  });
});

describe("formatEndpoint()", () => {
  const cases: [hostname: string, text: string][] = [
    ["127.0.0.1", "127.0.0.1:80"],
    ["localhost", "localhost:80"],
    ["::1", "[::1]:80"],
    ["fe80::1%eth0", "[fe80::1%eth0]:80"],
  ];
  for (const [hostname, text] of cases) {
    test(`writes ${text}`, () => expect(formatEndpoint({ hostname, port: 80 })).toBe(text));
  }
});

describe("sameEndpoint()", () => {
  const same: [string, string][] = [
    ["127.0.0.1", "127.0.0.1"],
    ["127.0.0.1", "::ffff:127.0.0.1"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["0:0:0:0:0:FFFF:127.0.0.1", "::ffff:7F00:0001"],
    ["::1", "0:0:0:0:0:0:0:1"],
    ["0:0::1", "::0001"],
    ["FE80::ABCD", "fe80::abcd"],
    ["fe80::1%eth0", "fe80::1"],
    ["fe80::1%eth0", "FE80:0::1%eth0"],
    ["localhost", "LOCALHOST"],
    ["::", "0::0"],
    ["1::", "1:0:0:0:0:0:0:0"],
  ];
  for (const [a, b] of same) {
    test(`finds ${a} and ${b} the same`, () => {
      expect(sameEndpoint({ hostname: a, port: 80 }, { hostname: b, port: 80 })).toBe(true);
      expect(sameEndpoint({ hostname: b, port: 80 }, { hostname: a, port: 80 })).toBe(true);
      expect(sameEndpoint({ hostname: a, port: 80 }, { hostname: b, port: 81 })).toBe(false);
    });
  }
  const different: [string, string][] = [
    ["127.0.0.1", "127.0.0.2"],
    ["127.0.0.1", "::1"],
    ["::127.0.0.1", "127.0.0.1"],
    ["::fffe:127.0.0.1", "127.0.0.1"],
    ["1::ffff:127.0.0.1", "127.0.0.1"],
    ["fe80::1%eth0", "fe80::1%eth1"],
    ["fe80::1%eth0", "fe80::1%ETH0"],
    ["localhost", "127.0.0.1"],
    ["::1", "::2"],
    ["1::", "::1"],
    ["", "localhost"],
  ];
  for (const [a, b] of different) {
    test(`tells ${JSON.stringify(a)} and ${b} apart`, () => {
      expect(sameEndpoint({ hostname: a, port: 80 }, { hostname: b, port: 80 })).toBe(false);
      expect(sameEndpoint({ hostname: b, port: 80 }, { hostname: a, port: 80 })).toBe(false);
    });
  }
});

describe("ipVersion()", () => {
  const cases: Record<string, 0 | 4 | 6> = {
    "1.2.3.4": 4,
    "255.255.255.255": 4,
    "256.1.1.1": 0,
    "01.2.3.4": 0,
    "1.2.3": 0,
    "::": 6,
    "1:2:3:4:5:6:7:8": 6,
    "1:2:3:4:5:6:7::": 6,
    "1:2:3:4:5:6:7:8::": 0,
    "::1:2:3:4:5:6:7:8": 0,
    "1::2::3": 0,
    ":1": 0,
    "1:": 0,
    ":::": 0,
    "::1.2.3.4": 6,
    "1.2.3.4::": 0,
    "1:2:3:4:5:6:1.2.3.4": 6,
    "1:2:3:4:5:6:7:1.2.3.4": 0,
    "12345::": 0,
    "::1%eth0": 6,
    "::1%": 0,
    "[::1]": 0,
    "localhost": 0,
  };
  for (const [hostname, version] of Object.entries(cases)) {
    test(`is ${version} for ${hostname}`, () => expect(ipVersion(hostname)).toBe(version));
  }
});

describe("toHostname()", () => {
  const hosts: readonly [text: string, host: string | null][] = [
    ["localhost", "localhost"],
    ["db_1.example.", "db_1.example."],
    ["127.0.0.1", "127.0.0.1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["b\u00fccher.example", "xn--bcher-kva.example"],
    ["0", "0.0.0.0"],
    ["127.1", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["127.0.0.1.", "127.0.0.1"],
    ["256.1.1.1", null],
    ["a,b", null],
    ["a..b", null],
    [".", null],
    ["a b", null],
    ["a/b", null],
    ["b\u00fc/cher", null],
    ["[::1]", null],
    ["", null],
  ];
  for (const [text, host] of hosts) test(`of ${JSON.stringify(text)}`, () => expect(toHostname(text)).toBe(host));
});

test("unmapped() gives the IPv4 address that is mapped in any spelling, and leaves all other text", () => {
  for (const mapped of ["::ffff:127.0.0.1", "::FFFF:7f00:1", "0:0:0:0:0:ffff:7f00:0001"]) {
    expect(unmapped(mapped)).toBe("127.0.0.1");
  }
  for (const other of ["127.0.0.1", "::1", "fe80::1%eth0", "::7f00:1", "db.example", ""]) {
    expect(unmapped(other)).toBe(other);
  }
});
