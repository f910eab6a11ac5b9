import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command_line.ts";
import type { SignalName } from "../../src/cli/runtime/system.ts";
import { because, inNamespaceWithoutProc, noLab } from "../fixtures/lab.ts";
import { run, runtime } from "../fixtures/runtime.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";
import { FakeSystem, runHere } from "./fake_system.ts";
import { realpeer } from "./realpeer.ts";

const noNode = runtime === "node" ? noLab : "only Node starts without /proc";
const noProc = process.platform === "linux" ? undefined : "processes are looked up in /proc";

/** Runs a command that gets the signal after a while; resolves with its status and its one document. */
async function interrupt(signal: SignalName, ...args: string[]): Promise<[number, unknown]> {
  const system = new FakeSystem(args);
  setTimeout(() => system.raise(signal), 600);
  const code = await runCommandLine(system);
  return [code, JSON.parse(system.stdout.text)];
}

async function runForDocument(...args: string[]): Promise<[number | null, unknown]> {
  const { code, stdout } = await runHere(args);
  return [code, JSON.parse(stdout)];
}

describe("--json prints its document", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`when ${signal} ends wait, also where COMMAND would have followed`, async () => {
      const status = 128 + constants.signals[signal];
      const document = { ready: false, targets: [{ target: "127.0.0.1:1", ready: false, error: "interrupted" }] };
      expect(await interrupt(signal, "wait", "127.0.0.1:1", "--json")).toMatchObject([status, document]);
      const args = ["wait", "127.0.0.1:1", "--json", "--", "true"];
      expect(await interrupt(signal, ...args)).toMatchObject([status, document]);
    });
  }

  test("when SIGINT ends demo", async () => {
    const args = ["demo", "32767", "--attempts", "100000000", "--json"];
    const document = { port: 32767, selfConnected: false, attempts: expect.any(Number), local: null };
    expect(await interrupt("SIGINT", ...args)).toMatchObject([130, { ...document, error: "interrupted" }]);
  });

  test.skipIf(noProc)(because("when check and scan cannot read the system", noProc), async () => {
    const error = expect.stringContaining("Cannot read /nowhere/");
    const unknown = { risk: null, reasons: [], range: null, reserved: null, listening: null, fix: null, error };
    expect(await runForDocument("check", "80", "81", "--json", "--proc", "/nowhere"))
      .toMatchObject([3, [{ port: 80, ...unknown }, { port: 81, ...unknown }]]);
    expect(await runForDocument("scan", "--json", "--proc", "/nowhere")).toEqual([3, { selfConnections: null, error }]);
    expect(await runForDocument("scan", "--listen", "--json", "--proc", "/nowhere"))
      .toEqual([3, { selfConnections: null, listeners: null, error }]);
  });

  test.skipIf(noLab)(because("when shield cannot hold a port", noLab), async () => {
    // The loopback interface of a new namespace is down.
    const shielded = realpeer("shield", "80", "41000", "--json", "--", "echo", "ran");
    const { code, stdout } = await run(["unshare", "-rn", ...shielded]);
    expect([code, JSON.parse(stdout)]).toEqual([3, {
      ports: [{ port: 80, state: "not-at-risk" }, { port: 41000, state: null }],
      error: expect.stringContaining("Cannot hold port 41000"),
    }]);
  });

  test.skipIf(noNode)(because("when demo cannot read the system", noNode), async () => {
    const { code, stdout } = await run(inNamespaceWithoutProc(realpeer("demo", "--json")));
    const error = expect.stringContaining("Cannot read /proc/");
    const nothing = { port: null, selfConnected: false, attempts: 0, elapsed: 0, local: null, remote: null };
    expect([code, JSON.parse(stdout)]).toEqual([3, { ...nothing, error }]);
  });
});

describe.skipIf(noProc)(because("realpeer start --json prints its document", noProc), () => {
  test("when a signal ends the wait", async () => {
    const target = `127.0.0.1:${await unusedPort()}`;
    const document = { ready: false, targets: [{ target, error: "interrupted" }] };
    expect(await interrupt("SIGTERM", "start", "sleep 20", target, "--json")).toMatchObject([143, document]);
  });

  test("once, when a signal ends it after the server was ready", async () => {
    const port = await unusedPort();
    const server = `node -e 'require("net").createServer().listen(${port}, "127.0.0.1")'`;
    const system = new FakeSystem(["start", server, String(port), "--json"]);
    const write = system.stdout.write.bind(system.stdout);
    system.stdout.write = (text) => {
      write(text);
      setTimeout(() => system.raise("SIGINT"), 100);
    };
    expect(await runCommandLine(system)).toBe(130);
    expect(JSON.parse(system.stdout.text)).toMatchObject({ ready: true });
  });

  test("when the server cannot be started", async () => {
    const target = `127.0.0.1:${await unusedPort()}`;
    const error = expect.stringContaining("Cannot write the log /no/such/folder/x");
    expect(await runForDocument("start", "true", target, "--log", "/no/such/folder/x", "--json"))
      .toMatchObject([3, { ready: false, targets: [{ target, error }] }]);
  });

  test("with the server's status, when the server ends before it is ready", async () => {
    const target = `127.0.0.1:${await unusedPort()}`;
    const error = "the server ended with status 5";
    expect(await runForDocument("start", "exit 5", target, "--json"))
      .toMatchObject([1, { ready: false, targets: [{ target, ready: false, error }] }]);
  });

  test("and does not call a server ready that another realpeer has started", async () => {
    const port = await unusedPort();
    const first = runForDocument("start", "sleep 20", String(port), "--json");
    await new Promise((resolve) => setTimeout(resolve, 500));
    const server = `exec node -e 'require("net").createServer().listen(${port}, "127.0.0.1")'`;
    const second = runHere(["start", server, String(port), "-q", "--", "true"], async () => {
      await first;
      return 0;
    });
    const error = expect.stringContaining("which another realpeer process started");
    expect(await first).toMatchObject([1, { ready: false, targets: [{ ready: false, ownTree: false, error }] }]);
    expect((await second).code).toBe(0);
  });
});
