import { spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { deadPort } from "../../src/api/testing.ts";
import { runCommandLine } from "../../src/cli/command_line.ts";
import type { TargetReport } from "../../src/cli/wait_target.ts";
import { because } from "../fixtures/lab.ts";
import { NO_NAME } from "../fixtures/name_server.ts";
import { noProc } from "../fixtures/system.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { FakeSystem, runHere } from "./fake_system.ts";
import { runRealpeer, start } from "./realpeer.ts";

interface Document {
  readonly ready: boolean;
  readonly elapsed: number;
  readonly targets: readonly TargetReport[];
}

/** The status and the one JSON document. */
async function waitForJson(...args: string[]): Promise<[code: number | null, document: Document]> {
  const { code, stdout } = await runHere(["wait", "--json", ...args]);
  return [code, JSON.parse(stdout)];
}

// They wait more than they work.
describe.concurrent("realpeer wait", () => {
  test("reports a port that is open, in these fields", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { code, stdout, stderr } = await runHere(["wait", "--json", `127.0.0.1:${server.port}`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      ready: true,
      elapsed: expect.any(Number),
      targets: [{
        target: `127.0.0.1:${server.port}`,
        ready: true,
        remote: { hostname: "127.0.0.1", port: server.port },
        attempts: 1,
        selfConnects: 0,
        elapsed: expect.any(Number),
        error: null,
      }],
    });
  });

  test("says so in words on standard error, and nothing with --quiet", async () => {
    await using server = await startServer((socket) => socket.resume());
    const aloud = await runHere(["wait", String(server.port)]);
    expect(aloud).toMatchObject({ code: 0, stdout: "" });
    expect(aloud.stderr).toMatch(new RegExp(`^${server.port} is ready after \\d+ ms \\(127\\.0\\.0\\.1\\)\\n$`));
    expect(await runHere(["wait", "-q", String(server.port)])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("waits for servers that start later, all of several targets", async () => {
    await using first = await deadPort();
    await using second = await deadPort();
    const waiting = waitForJson(String(first.port), `tcp://localhost:${second.port}`);
    await sleep(700);
    await using _first = await startServer((socket) => socket.resume(), "127.0.0.1", first.port);
    await sleep(700);
    await using _second = await startServer((socket) => socket.resume(), "127.0.0.1", second.port);
    const [code, { ready, targets }] = await waiting;
    expect([code, ready, targets.map((target) => target.ready)]).toEqual([0, true, [true, true]]);
    expect(targets[1]!.attempts).toBeGreaterThan(1);
  });

  test("all means all: one target that does not come is one too many", async () => {
    await using server = await startServer((socket) => socket.resume());
    await using dead = await deadPort();
    const [code, { ready, targets }] = await waitForJson("-t", "500ms", String(server.port), String(dead.port));
    expect([code, ready]).toEqual([1, false]);
    expect(targets).toMatchObject([{ ready: true }, { ready: false, remote: null, error: "connection refused" }]);
  });

  test("--any is met by one target, and ends the wait for the others", async () => {
    await using server = await startServer((socket) => socket.resume());
    await using dead = await deadPort();
    const [code, { ready, targets }] = await waitForJson("--any", String(dead.port), String(server.port));
    expect([code, ready]).toEqual([0, true]);
    expect(targets).toMatchObject([{ ready: false }, { ready: true }]);
  });

  test("so many targets that each kind has more than ten print no warning of the runtime", async () => {
    const ports = Array.from({ length: 12 }, (_, i) => i + 1);
    const targets = ports.flatMap((port) => [`127.0.0.1:${port}`, `http://127.0.0.1:${port}`, `unix:/nowhere/${port}`]);
    const { code, stderr } = await runRealpeer(["wait", ...targets, "-t", "300ms"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^realpeer: Timed out after 300 ms[^\n]*\n$/);
  });

  test("localhost means all its addresses, and IPv6 literals work", async () => {
    await using server = await startServer((socket) => socket.resume(), "::1");
    const [code, { targets }] = await waitForJson(`[::1]:${server.port}`);
    expect([code, targets[0]!.remote]).toEqual([0, { hostname: "::1", port: server.port }]);
  });

  test("a name that does not resolve yet is waited for and reported", async () => {
    await using server = await startServer((socket) => socket.resume());
    const target = `${NO_NAME}:80`;
    const [code, { targets }] = await waitForJson("-t", "700ms", target, String(server.port));
    expect(code).toBe(1);
    expect(targets[0]).toMatchObject({ target, ready: false, error: "the name does not resolve" });
  });

  test("--stable-for sees through a proxy that accepts, then hangs up", async () => {
    await using proxy = await startServer((socket) => socket.destroy());
    const [code, { targets }] = await waitForJson("--stable-for", "200ms", "-t", "1s", String(proxy.port));
    expect([code, targets[0]!.error]).toEqual([1, "the peer hung up within 200 ms"]);
    await using server = await startServer((socket) => socket.resume());
    expect((await waitForJson("--stable-for", "200ms", String(server.port)))[0]).toBe(0);
  });

  test("--timeout says what was waited for, and why in vain", async () => {
    await using dead = await deadPort();
    const { code, stdout, stderr } = await runHere(["wait", "-t", "1s", String(dead.port), `${NO_NAME}:1`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const [refused, unknown] = stderr.split(", ").slice(-2);
    expect(refused).toBe(`wait longer with --timeout: ${dead.port} (connection refused)`);
    // A slow name server has not yet said that there is no such name.
    expect([`${NO_NAME}:1 (the name does not resolve)\n`, `${NO_NAME}:1 (no answer)\n`]).toContain(unknown);
    expect(stderr).toMatch(/^realpeer: Timed out after 1 s, /);
    expect(await runHere(["wait", "-q", "-t", "300ms", String(dead.port)])).toMatchObject({ code: 1, stderr: "" });
  });

  test("--timeout 0 waits until somebody comes", async () => {
    await using dead = await deadPort();
    const waiting = waitForJson("--timeout", "0", "--max-delay", "0", String(dead.port));
    await sleep(1500);
    await using _server = await startServer((socket) => socket.resume(), "127.0.0.1", dead.port);
    const [code] = await waiting;
    expect(code).toBe(0);
  });
});

describe("realpeer wait that is interrupted when the target is ready", () => {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    test(`does not run COMMAND any more: ${name}`, async () => {
      await using server = await startServer((socket) => socket.resume());
      const system = new FakeSystem(["wait", String(server.port), "--", "echo"], false, {}, () => 0);
      const write = system.stderr.write.bind(system.stderr);
      system.stderr.write = (text) => {
        write(text);
        system.raise(name);
      };
      expect(await runCommandLine(system)).toBe(128 + constants.signals[name]);
      expect(system.started).toEqual([]);
    });
  }
});

describe.concurrent("realpeer wait --while-pid", () => {
  test("gives up when the process is gone, within 250 ms", async () => {
    await using dead = await deadPort();
    const delays: number[] = [];
    // A busy machine may keep one of them waiting, but not all.
    for (let i = 0; i < 3; i++) {
      const child = spawn("sleep", ["100"]);
      const args = ["wait", "--json", "--while-pid", String(child.pid), "-t", "20s", String(dead.port)];
      setTimeout(() => child.kill("SIGKILL"), 400);
      const gone = new Promise<number>((resolve) => child.on("exit", () => resolve(performance.now())));
      const { code, stdout, stderr } = await runHere(args);
      delays.push(performance.now() - await gone);
      expect({ code, ready: JSON.parse(stdout).ready }).toEqual({ code: 1, ready: false });
      expect(stderr).toContain(`Process ${child.pid} is gone, gave up on ${dead.port} (`);
    }
    expect(Math.min(...delays)).toBeLessThan(250);
  });

  test.skipIf(noProc)(
    because("does not wait for one that has ended and whose parent has not looked", noProc),
    async () => {
      await using dead = await deadPort();
      const parent = start(["sh", "-c", "sleep 0.1 & echo pid $!.; exec sleep 20"]);
      const [, pid = ""] = /pid (\d+)\./.exec(await parent.says(".")) ?? [];
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { code, stderr } = await runHere(["wait", "--while-pid", pid, "-t", "20s", String(dead.port)]);
      parent.kill("SIGKILL");
      expect([code, stderr]).toEqual([1, expect.stringContaining(`Process ${pid} is gone`)]);
    },
  );

  test("does not mind a process that runs", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { code } = await runHere(["wait", "--while-pid", String(process.pid), String(server.port)]);
    expect(code).toBe(0);
  });
});
