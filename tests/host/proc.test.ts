import { describe, expect, test } from "vitest";
import { holderAddress } from "../../src/core/holder_address.ts";
import {
  isHolder,
  isListening,
  isOnPort,
  isSelfConnected,
  parseCommandLine,
  parseLink,
  parseUsers,
  selectRows,
} from "../../src/host/proc.ts";
import { parsePs, parseStat, parseWindowsProcesses } from "../../src/host/process_table.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
/** As Linux 6.18 writes it, on a machine that counts its bytes from the low end. */
const TABLE = `${HEAD}\
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1234 1 0000000000000000 100 0
   1: 0100007F:9C40 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 5678 2 0000000000000000 20 4
   2: 0100007F:9C42 0100007F:9C42 06 00000000:00000000 03:00000F3A 00000000     0        0 0 3 0000000000000000
10000: 0A00000A:9C40 0B00000A:0016 01 00000000:00000000 02:0000A1B2 00000000     5        0 91011 2 0000000000000000
`;
const TABLE_6 = `${HEAD}\
   0: 00000000000000000000000001000000:9C40 00000000000000000000000001000000:9C40 08 0:0 00:0 0  7 0 42 1 0
   1: 0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:9C40 01 0:0 00:0 0  7 0 43 1 0
   2: 000080FE00000000FF00000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0  7 0 44 1 0
   3: 000000000000000000FF00000100007F:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0  7 0 45 1 0
   4: 0000000000000000FF0000000100007F:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0  7 0 47 1 0
   5: B80D012000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0  7 0 46 1 0
`;

describe("a socket table", () => {
  test("is searched for live connections whose ends are one, TIME_WAIT left out", () => {
    const end = { hostname: "127.0.0.1", port: 40000 };
    expect(selectRows(TABLE, isSelfConnected)).toEqual([
      { local: end, remote: end, state: "ESTABLISHED", uid: 0, inode: 5678, timer: 0 },
    ]);
  });

  test("is searched for listeners", () => {
    expect(selectRows(TABLE, isListening)).toMatchObject([
      { local: { hostname: "0.0.0.0", port: 8080 }, remote: { port: 0 }, state: "LISTEN", uid: 1000, inode: 1234 },
    ]);
  });

  test("is searched for a port in any state, in a line of any number", () => {
    expect(selectRows(TABLE, isOnPort(40000)).map(({ inode }) => inode)).toEqual([5678, 91011]);
    expect(selectRows(TABLE_6, isOnPort(80)).map(({ inode }) => inode)).toEqual([44]);
    expect(selectRows(TABLE, isOnPort(40002))).toMatchObject([{ state: "TIME_WAIT", timer: 38_980, inode: 0 }]);
  });

  test("has the holder of a port at an address of its own, with both ends the same", () => {
    const end = (hostname: string, port = 40000) => ({ hostname, port });
    const own = holderAddress(7);
    expect(isHolder({ local: end(own), remote: end(own) })).toBe(true);
    expect(isHolder({ local: end("127.0.0.1"), remote: end("127.0.0.1") })).toBe(false);
    expect(isHolder({ local: end(own), remote: end(own, 40001) })).toBe(false);
    expect(isHolder({ local: end(own), remote: end("127.0.0.1") })).toBe(false);
  });

  test("has IPv6 addresses in their short form", () => {
    expect(selectRows(TABLE_6, () => true).map(({ local, state }) => [local.hostname, state])).toEqual([
      ["::1", "CLOSE_WAIT"],
      ["::ffff:127.0.0.1", "ESTABLISHED"],
      ["fe80::ff:0:1", "LISTEN"],
      // These are like a mapped address, and are none.
      ["::ff00:7f00:1", "LISTEN"],
      ["::ff:7f00:1", "LISTEN"],
      ["2001:db8::ffff:7f00:1", "LISTEN"],
    ]);
  });

  test("leaves rows of another form out", () => {
    const row =
      "   0: 0100007F:9C40 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 77 1 0 20 4 30 10 -1";
    const malformed = [
      row.replaceAll("9C40", "XYZW"),
      row.replaceAll("0100007F", "01007F"),
      row.replace("        0 77", "        0 inode"),
      row.replace("   0        0 77", "   root        0 77"),
      "0100007F:9C40",
      "",
    ];
    const table = ["  sl  local_address rem_address", ...malformed, row, ...malformed].join("\n");
    expect(selectRows(table, () => true)).toMatchObject([{ local: { hostname: "127.0.0.1", port: 40000 }, inode: 77 }]);
  });

  test("is searched in time that grows with its length, whatever is in it", () => {
    const time = (lines: number): number => {
      const table = "no colon and no row here\n".repeat(lines) + "nocolonnorblank\n".repeat(lines);
      const started = performance.now();
      expect(selectRows(table, () => true)).toEqual([]);
      return performance.now() - started;
    };
    time(1000);
    // Sixteen times as long; a search beyond each line would take 256 times as long.
    expect(time(80_000)).toBeLessThan(100 * Math.max(time(5000), 0.5));
  });

  test("may be empty, or break off", () => {
    expect(selectRows("", () => true)).toEqual([]);
    expect(selectRows(HEAD, () => true)).toEqual([]);
    expect(selectRows(TABLE.trimEnd(), () => true)).toHaveLength(4);
  });
});

describe("what /proc tells of a process", () => {
  test("its words, or none", () => {
    expect(parseCommandLine("node\0server.js\0a b\0")).toBe("node server.js a b");
    expect(parseCommandLine("")).toBeNull();
  });

  test("the sockets and namespaces behind its links", () => {
    expect(parseLink("socket", "socket:[123]")).toBe(123);
    expect(parseLink("net", "net:[4026531840]")).toBe(4026531840);
    expect(parseLink("socket", "/dev/null")).toBeNull();
  });

  test("its state and groups, whatever its name", () => {
    const rest = "S 1 77 88 34816 77 4194304 1 2 3 4 5 6 7 8 20 0 1 0 555 9";
    for (const name of ["node", "a b", ") S 1 2 3 (", "(("]) {
      expect(parseStat(`66 (${name}) ${rest}`)).toEqual({
        pid: 66,
        parent: 1,
        group: 77,
        session: 88,
        foregroundGroup: 77,
        isGone: false,
        startTime: 555,
        name,
        waitStatus: null,
      });
    }
  });

  test("that it has ended, and the status that its parent has not asked for", () => {
    const stat = (state: string, threads = 1): string =>
      `66 (sh) ${state} ${Array(16).fill("7").join(" ")} ${threads} ${Array(31).fill("7").join(" ")} 37\n`;
    expect(parseStat(stat("Z"))).toMatchObject({ isGone: true, waitStatus: 37 });
    expect(parseStat(stat("S"))).toMatchObject({ isGone: false, waitStatus: null });
    expect(parseStat(stat("Z", 2)), "its main thread alone").toMatchObject({ isGone: false, waitStatus: null });
    expect(parseStat(stat("X"))).toMatchObject({ isGone: true, waitStatus: null });
    for (const text of ["no stat", stat("S").slice(3), "66 (sh) S 1 2 3"]) expect(parseStat(text)).toBeNull();
  });

  test("what other systems tell of it, too", () => {
    const started = "Mon Nov 30 05:41:51 2026";
    expect(parsePs(`  12   1  11 Z+   ${started} sh -c x\n 13 12 11 S ${started} a b\nno process\n`)).toMatchObject([
      { pid: 12, parent: 1, group: 11, isGone: true, startTime: Date.parse(started), name: "sh -c x" },
      { pid: 13, parent: 12, group: 11, isGone: false, name: "a b" },
    ]);
    expect(parseWindowsProcesses("12 4 134000000000001500 a b.exe\r\n0 0  Idle\r\n\r\n")).toMatchObject([
      { pid: 12, parent: 4, startTime: 134_000_000_000_001, name: "a b.exe" },
      { pid: 0, parent: 0, startTime: 0, name: "Idle" },
    ]);
  });

  test("the names of users", () => {
    expect([...parseUsers("root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/:\n\n")]).toEqual([[0, "root"], [33, "web"]]);
  });
});
