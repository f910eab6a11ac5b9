import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSocketCountHint, SocketCount } from "../../src/host/socket_count.ts";

function listen(host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, host, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

describe("SocketCount", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "realpeer-proc-"));
    mkdirSync(join(root, "net"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write4 = (inUse: number, others: string): void =>
    writeFileSync(join(root, "net/sockstat"), `sockets: used ${others}\nTCP: inuse ${inUse} orphan ${others} tw 0\n`);
  const write6 = (inUse: number): void => writeFileSync(join(root, "net/sockstat6"), `TCP6: inuse ${inUse}\nUDP6: 1\n`);

  const cases: readonly [name: string, change: () => void, hasChanged: boolean][] = [
    ["nothing", () => {}, false],
    ["one IPv4 socket more", () => write4(10, "1"), true],
    ["one IPv6 socket more", () => write6(4), true],
    ["a number with the same digits at its beginning", () => write4(90, "1"), true],
    ["an IPv4 socket for an IPv6 one", () => (write4(8, "1"), write6(4)), true],
    ["other kinds of sockets", () => write4(9, "1234567"), false],
  ];
  for (const [name, change, hasChanged] of cases) {
    test(`tells ${hasChanged ? "a change" : "no change"} when ${name} is what has happened`, () => {
      write4(9, "1");
      write6(3);
      const count = new SocketCount(root);
      change();
      expect([count.hasChanged(), count.hasChanged()]).toEqual([hasChanged, false]);
      count.close();
    });
  }

  test("works where IPv6 is switched off", () => {
    write4(9, "1");
    const count = new SocketCount(root);
    write4(11, "1");
    expect(count.hasChanged()).toBe(true);
    count.close();
  });

  test("throws where the system has no such count", () => {
    expect(() => new SocketCount(join(root, "nowhere"))).toThrow(/ENOENT/);
  });
});

describe.skipIf(process.platform !== "linux")("openSocketCountHint() (skipped elsewhere than on Linux)", () => {
  for (const host of ["127.0.0.1", "::1", "0.0.0.0", "::", "127.0.0.2"]) {
    test(`calls back when a server begins to listen on ${host}`, async () => {
      const hint = openSocketCountHint()!;
      const changed = new Promise<void>((resolve) => {
        hint.watch(resolve);
      });
      const server = await listen(host);
      await changed;
      await close(server);
      hint.close();
    });
  }

  test("is null where reading would need a permission", () => {
    const asked: string[] = [];
    const hint = openSocketCountHint((path) => (asked.push(path), false));
    expect([hint, asked]).toEqual([null, ["/proc/net/sockstat"]]);
  });

  test("keeps its files open until the last hint is closed, and no longer", () => {
    const mayNotRead = () => false;
    const [first, second] = [openSocketCountHint()!, openSocketCountHint()!];
    first.close();
    first.close();
    const third = openSocketCountHint(mayNotRead);
    expect(third).not.toBeNull();
    second.close();
    third!.close();
    expect(openSocketCountHint(mayNotRead)).toBeNull();
  });
});
