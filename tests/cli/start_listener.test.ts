import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { testOnce } from "../fixtures/once.ts";
import { processesWith, until } from "../fixtures/processes.ts";
import { run } from "../fixtures/runtime.ts";
import { startServer, unusedPort } from "../fixtures/tcp_server.ts";
import { hasListener, socketsOnPort } from "../programs/host_sockets.ts";
import { realpeer, runRealpeer, start } from "./realpeer.ts";
import { expectNothingLeft, folder, noProcesses, program, serverLine } from "./start_server_lines.ts";

describe.skipIf(noProcesses)(because("the listener that realpeer start finds", noProcesses), () => {
  testOnce("a server that cannot bind says why, and one that could bind does not", async () => {
    const held = await startServer((socket) => socket.end());
    const { port } = held;
    // The server's end closes first, and keeps its port in TIME_WAIT: no server with SO_REUSEADDR minds.
    await run(["bash", "-c", `cat < /dev/tcp/127.0.0.1/${port}`]);
    await held[Symbol.asyncDispose]();
    await until(() => socketsOnPort(port).length > 0 && !hasListener(port), "TIME_WAIT");
    const failing = ["start", "sleep 0.1; exit 98", `127.0.0.1:${port}`];
    const end = "realpeer: The server ended with status 98 before it was ready";
    expect(await runRealpeer(failing)).toMatchObject({ code: 1, stderr: `${end}\n` });
    const itself = `{ port: ${port}, localPort: ${port}, host: "127.0.0.1" }`;
    await run(["node", "-e", `const s = require("net").connect(${itself}, () => s.end()).resume()`]);
    // A mistyped command line has another reason.
    const mistyped = await runRealpeer(["start", "no-such-program-anywhere 2>/dev/null", `127.0.0.1:${port}`]);
    expect(mistyped.stderr).toMatch(/ended with status 127 before it was ready\n$/);
    const { code, stderr } = await runRealpeer(failing);
    const reason = `on port ${port}, a closed connection holds it in TIME_WAIT for another`;
    expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^${end}; ${reason} \\d+ s\\n$`))]);
  });

  testOnce("a stale server is 1 before anything starts, and named; --reuse takes it and leaves it alone", async () => {
    const { port, line } = await serverLine();
    const [file = "", ...args] = line.trim().split(" ");
    const stale = spawn(file, args, { stdio: "ignore" });
    await until(() => hasListener(port), "the stale server");
    const started = join(folder, "started");
    const server = `touch ${started}; ${line}`;
    for (const target of [String(port), `http://localhost:${port}/`, `app.localhost:${port}`]) {
      const { code, stdout, stderr } = await runRealpeer(["start", server, target, "--", "echo", "ran"]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(`another server already listens: ${target} (`);
      // What is longer is cut: on Deno programs are started by their path.
      expect(stderr).toContain(`node ${program}`);
      expect(stderr).toContain(`(pid ${stale.pid})), stop it, or accept it with --reuse`);
    }
    const document = await runRealpeer(["start", server, String(port), "--json", "--", "echo", "ran"]);
    expect([document.code, JSON.parse(document.stdout)]).toMatchObject([1, {
      ready: false,
      targets: [{
        error: expect.stringMatching(new RegExp(`^\\S+ ${program}.* \\(pid ${stale.pid}\\) already listens$`)),
        pid: stale.pid,
        ownTree: false,
      }],
    }]);
    const { code, stdout } = await runRealpeer(["start", server, String(port), "--reuse", "--", "echo", "ran"]);
    expect([code, stdout]).toEqual([0, "ran\n"]);
    expect(readdirSync(folder)).not.toContain("started");
    expect(stale.exitCode).toBeNull();
    expect(hasListener(port)).toBe(true);
    stale.kill("SIGKILL");
    await until(() => !hasListener(port), "the end of the stale server");
  });

  testOnce("a long command line is cut between two characters", async () => {
    const { port, line } = await serverLine();
    const name = `${"x".repeat(59)}😀😀`;
    const stale = spawn("bash", ["-c", `exec -a ${name} ${line}`], { stdio: "ignore" });
    await until(() => hasListener(port), "the stale server");
    const { stdout } = await runRealpeer(["start", "sleep 9", String(port), "--json"]);
    stale.kill("SIGKILL");
    expect(JSON.parse(stdout).targets[0].error).toBe(`${"x".repeat(59)}😀… (pid ${stale.pid}) already listens`);
  });

  testOnce("--reuse starts the server where none listens", async () => {
    const { port, line } = await serverLine();
    const { code } = await runRealpeer(["start", line, String(port), "--reuse", "-q", "--", "true"]);
    expect(code).toBe(0);
    expectNothingLeft(port);
  });

  testOnce("what answers but was started by another realpeer does not count", async () => {
    const { port, line } = await serverLine("600");
    const first = start(realpeer("start", line, String(port), "--", "sleep", "4"));
    // It has found the port free, as the first has, and its own server never listens.
    const second = await runRealpeer(["start", `sleep 60 # ${program}`, String(port), "--", "echo", "ran"]);
    expect([second.code, second.stdout]).toEqual([1, ""]);
    expect(second.stderr).toMatch(/which another realpeer process started|another server already listens/);
    expect((await first.finished).code).toBe(0);
    expectNothingLeft(port);
  });

  testOnce("a daemon is waited for, known as its own, and stopped", async () => {
    const { port, line } = await serverLine("300");
    const daemon = `(setsid env -i PATH="$PATH" ${line} >/dev/null &); exit 0`;
    const { code, stdout } = await runRealpeer(["start", daemon, String(port), "--json"]
      .concat("--", "sh", "-c", "exit 0"));
    const { ready, targets } = JSON.parse(stdout);
    expect([code, ready]).toEqual([0, true]);
    expect(targets).toMatchObject([{ ready: true, ownTree: true, command: `node ${program} ${port} 127.0.0.1 300` }]);
    expect(targets[0].pid).toBeGreaterThan(1);
    expectNothingLeft(port);
  });

  testOnce(
    "a daemon of a server that is started in the server is its own, and stopped also without the inner start",
    async () => {
      const { port, line } = await serverLine("300");
      const script = join(folder, "daemon.sh");
      writeFileSync(script, `#!/bin/sh\n(setsid env -i PATH="$PATH" ${line} >/dev/null 2>&1 &)\n`, { mode: 0o755 });
      const inner = `${
        realpeer("start", script, String(port), "-q").join(" ")
      } & echo $! > ${script}.pid; sleep 50.${port}`;
      const command = ["sh", "-c", `kill -9 $(cat ${script}.pid); exit 4`];
      const { code, stdout } = await runRealpeer(["start", inner, String(port), "--json", "--", ...command]);
      expect([code, JSON.parse(stdout).targets]).toMatchObject([4, [{ ready: true, ownTree: true }]]);
      expect(processesWith(`50.${port}`)).toEqual([]);
      expectNothingLeft(port);
    },
  );

  test("a listener that takes IPv6 only is not in the way of IPv4", async () => {
    const { port, line } = await serverLine();
    // Deno's node:net knows no ipv6Only.
    const listen = `require("net").createServer().listen({ port: ${port}, host: "::", ipv6Only: true })`;
    const other = spawn("node", ["-e", listen], { stdio: "ignore" });
    await until(() => hasListener(port), "the other listener");
    const { code, stdout } = await runRealpeer(["start", line, `127.0.0.1:${port}`, "-q", "--", "echo", "ran"]);
    other.kill("SIGKILL");
    expect([code, stdout]).toEqual([0, expect.stringContaining("ran\n")]);
  });

  test("a listener is found however its address is written", async () => {
    await using stale = await startServer((socket) => socket.resume(), "::1");
    const target = `[0:0:0:0:0:0:0:1]:${stale.port}`;
    const { code, stderr } = await runRealpeer(["start", "sleep 9", target, "--", "echo", "ran"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("another server already listens")]);
  });

  testOnce("--reuse says who listens, and with --any takes one of the targets", async () => {
    await using running = await startServer((socket) => socket.resume());
    const args = [String(running.port), String(await unusedPort()), "--any", "--reuse", "--json", "--", "true"];
    const { code, stdout } = await runRealpeer(["start", "sleep 9", ...args]);
    const [target] = JSON.parse(stdout).targets;
    expect([code, target]).toEqual([0, expect.objectContaining({ ready: true, pid: process.pid, ownTree: false })]);
  });

  testOnce("a server that listens on another address than the target's is shown in the message", async () => {
    const port = await unusedPort();
    const server = `node ${program} ${port} ::1`;
    const other = spawn("sleep", ["100"]);
    const started = start(realpeer("start", server, `127.0.0.1:${port}`, "--while-pid", String(other.pid)));
    await until(() => hasListener(port), "the server");
    other.kill();
    const { code, stderr } = await started.finished;
    const hint = `; the server listens on [::1]:${port}, which 127.0.0.1:${port} does not reach\n`;
    expect([code, stderr]).toEqual([1, expect.stringContaining(hint)]);
    expectNothingLeft(port);
  });

  test("a server that listens on another port than the target's is shown in the message", async () => {
    const { port, line } = await serverLine();
    const target = `127.0.0.1:${await unusedPort()}`;
    const other = spawn("sleep", ["100"]);
    const started = start(realpeer("start", line, target, "--while-pid", String(other.pid)));
    await until(() => hasListener(port), "the server");
    other.kill();
    const { code, stderr } = await started.finished;
    const hint = `; the server listens on 127.0.0.1:${port}, not on the target's port\n`;
    expect([code, stderr]).toEqual([1, expect.stringContaining(hint)]);
    expectNothingLeft(port);
  });
});
