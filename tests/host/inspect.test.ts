import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inspect } from "../../src/host/inspect.ts";
import { isSelfConnected } from "../../src/host/proc.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

const COPY = { recursive: true, verbatimSymlinks: true } as const;

function tableWith(inode: number): string {
  return `${HEAD}   0: 0100007F:9C40 0100007F:9C40 01 0:0 00:0 0  1000 0 ${inode} 1 0\n`;
}

describe("inspect()", () => {
  let proc: string;
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), "realpeer-proc-"));
  });
  afterEach(() => rmSync(proc, { recursive: true, force: true }));

  /** A process in a /proc of our own. */
  function addProcess(pid: number, netns: number, inodes: readonly number[], table = HEAD): void {
    const folder = join(proc, String(pid));
    for (const part of ["net", "ns", "fd"]) mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, "net/tcp"), table);
    writeFileSync(join(folder, "cmdline"), `program\0${pid}\0`);
    symlinkSync(`net:[${netns}]`, join(folder, "ns/net"));
    symlinkSync("/dev/null", join(folder, "fd/0"));
    inodes.forEach((inode, i) => symlinkSync(`socket:[${inode}]`, join(folder, `fd/${i + 1}`)));
  }

  test("names the process, and works without IPv6", () => {
    addProcess(12, 1, [100, 101]);
    addProcess(13, 1, [101]);
    writeFileSync(join(proc, "12/net/tcp"), tableWith(101));
    symlinkSync("12", join(proc, "self"));
    const end = { hostname: "127.0.0.1", port: 40000 };
    const state = "ESTABLISHED";
    expect(inspect(isSelfConnected, { root: proc })).toEqual({
      sockets: [{ local: end, remote: end, state, pid: 12, command: "program 12", uid: 1000, netns: 1 }],
      hasHidden: false,
    });
  });

  test("shows a socket whose process has gone meanwhile", () => {
    addProcess(12, 1, [], tableWith(101));
    symlinkSync("12", join(proc, "self"));
    expect(inspect(isSelfConnected, { root: proc })).toMatchObject({
      sockets: [{ pid: null, command: null }],
      hasHidden: false,
    });
  });

  test("names the process with the lowest id where several share a socket, and each other one", () => {
    const rows = [101, 102].map((inode) => tableWith(inode).slice(HEAD.length));
    addProcess(9, 1, [101], HEAD + rows.join(""));
    addProcess(10, 1, [101, 102]);
    symlinkSync("9", join(proc, "self"));
    const { sockets } = inspect(isSelfConnected, { root: proc });
    expect(sockets.map(({ pid, command }) => [pid, command])).toEqual([[9, "program 9"], [10, "program 10"]]);
  });

  test("knows a process without a command line, and passes over files that are neither process nor socket", () => {
    addProcess(12, 1, [101], tableWith(101));
    symlinkSync("12", join(proc, "self"));
    rmSync(join(proc, "12/cmdline"));
    writeFileSync(join(proc, "12/fd/9"), "");
    writeFileSync(join(proc, "11"), "");
    expect(inspect(isSelfConnected, { root: proc })).toMatchObject({
      sockets: [{ pid: 12, command: null }],
      hasHidden: false,
    });
  });

  test("visits each namespace once, and passes over what has vanished", () => {
    addProcess(12, 1, [101], tableWith(101));
    addProcess(13, 1, [], tableWith(101));
    addProcess(14, 2, [202], tableWith(202));
    // The last process of a third namespace ends while one looks.
    addProcess(15, 3, []);
    rmSync(join(proc, "15/net"), { recursive: true });
    mkdirSync(join(proc, "16"));
    const { sockets } = inspect(isSelfConnected, { root: proc, allNamespaces: true });
    expect(sockets.map(({ netns, pid }) => [netns, pid])).toEqual([[1, 12], [2, 14]]);
  });

  test("names a process whose main thread has ended while another runs", () => {
    addProcess(12, 7, [101], tableWith(101));
    mkdirSync(join(proc, "12/task/12"), { recursive: true });
    for (const part of ["net", "ns", "fd", "cmdline"]) {
      cpSync(join(proc, "12", part), join(proc, "12/task/13", part), COPY);
    }
    // What the kernel still shows of the main thread.
    for (const part of ["net", "ns", "fd"]) rmSync(join(proc, "12", part), { recursive: true });
    mkdirSync(join(proc, "12/fd"));
    writeFileSync(join(proc, "12/cmdline"), "");
    const { sockets } = inspect(isSelfConnected, { root: proc, allNamespaces: true });
    expect(sockets).toMatchObject([{ pid: 12, command: "program 12", netns: 7 }]);
  });

  test.skipIf(process.getuid?.() === 0)("says when a process may not be looked into (skipped: root may)", () => {
    addProcess(12, 1, [101], tableWith(101));
    symlinkSync("12", join(proc, "self"));
    chmodSync(join(proc, "12/fd"), 0);
    const inspected = inspect(isSelfConnected, { root: proc });
    chmodSync(join(proc, "12/fd"), 0o700);
    expect(inspected).toMatchObject({ sockets: [{ pid: null }], hasHidden: true });
  });

  test("throws when there is no socket table", () => {
    expect(() => inspect(isSelfConnected, { root: join(proc, "nowhere") })).toThrow(/ENOENT/);
  });
});
