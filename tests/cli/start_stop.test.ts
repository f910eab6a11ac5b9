import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { testOnce } from "../fixtures/once.ts";
import { processesWith, until } from "../fixtures/processes.ts";
import { run } from "../fixtures/runtime.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";
import { hasListener } from "../programs/host_sockets.ts";
import { realpeer, runRealpeer, start } from "./realpeer.ts";
import { expectNothingLeft, folder, noProcesses, program, serverLine } from "./start_server_lines.ts";

describe.skipIf(noProcesses)(because("what realpeer start stops", noProcesses), () => {
  test("a server that a real-time signal ends leaves nothing, and its status is told", async () => {
    const { port, line } = await serverLine();
    const server = `${line} & sleep 1; kill -37 $$`;
    const { code } = await runRealpeer(["start", server, String(port), "-q", "--", "sh", "-c", "sleep 2; exit 5"]);
    expect(code).toBe(5);
    expectNothingLeft(port);
    const end = "realpeer: The server ended with status 165 before it was ready\n";
    for (const ended of ["kill -37 $$", "sleep 0.2; kill -37 $$"]) {
      const { code, stderr } = await runRealpeer(["start", ended, String(port)]);
      expect([code, stderr]).toEqual([1, end]);
    }
    const words = realpeer("start", "kill -37 $$", String(port));
    expect(await run(["sh", "-c", 'ulimit -n 60; exec "$@"', "sh", ...words])).toMatchObject({ code: 1, stderr: end });
  });

  testOnce("where nearly no file may be open, the server runs, or the reason is told", async () => {
    for (let files = 20; files < 28; files++) {
      const words = realpeer("start", "exit 3", "127.0.0.1:1");
      const { stderr } = await run(["sh", "-c", `ulimit -n ${files}; exec "$@"`, "sh", ...words]);
      // With still fewer, Node itself does not start.
      expect(stderr).toMatch(/^realpeer: The server ended with status 3|EMFILE|uv_/);
    }
  });

  test("--while-pid gives up when that process is gone, and stops the server", async () => {
    const other = spawn("sleep", ["0.5"]);
    const port = await unusedPort();
    const server = `sleep 50 # ${program} ${port} `;
    const args = ["start", server, String(port), "--while-pid", String(other.pid), "--", "echo", "ran"];
    const { code, stdout, stderr } = await runRealpeer(args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`realpeer: Process ${other.pid} is gone, gave up on ${port} (`);
    expectNothingLeft(port);
  });

  testOnce("a server and grandchildren that ignore SIGTERM get SIGKILL after --stop-timeout", async () => {
    const { port, line } = await serverLine();
    const stubborn = `trap '' TERM; (trap '' TERM; sleep 60 # ${program} ${port} \n) & STOP_MS=60000 ${line}; sleep 60`;
    const started = performance.now();
    const args = ["start", stubborn, String(port), "--stop-timeout", "300ms", "-q", "--", "true"];
    const { code } = await runRealpeer(args);
    expect(code).toBe(0);
    expect(performance.now() - started).toBeLessThan(30_000);
    expectNothingLeft(port);
  });

  testOnce("--stop-signal is what the server gets", async () => {
    const { port, line } = await serverLine();
    const trapped = `trap 'echo got INT; kill $!; exit' INT; ${line} & wait`;
    const args = ["start", trapped, String(port), "--stop-signal", "int", "-q", "--", "true"];
    const { stdout } = await runRealpeer([...args.slice(0, 5), "--stop-timeout", "3s", ...args.slice(5)]);
    expect(stdout).toContain("got INT\n");
    expectNothingLeft(port);
  });

  testOnce("a server that dies while COMMAND runs is a warning, and the status stays COMMAND's", async () => {
    const { port, line } = await serverLine();
    const trigger = join(folder, "die");
    const dying = `${line} & until test -e ${trigger}; do sleep 0.1; done; kill -9 $!; exit 4`;
    const command = ["sh", "-c", `touch ${trigger}; sleep 2; exit 6`];
    const { code, stderr } = await runRealpeer(["start", dying, String(port), "--", ...command]);
    expect(code).toBe(6);
    expect(stderr).toContain("realpeer: Warning: the server ended with status 4 while sh ran\n");
    expectNothingLeft(port);
  });

  test("COMMAND that is killed, or cannot be run, leaves no server", async () => {
    const { port, line } = await serverLine();
    for (const [command, status] of [[["sh", "-c", "kill -9 $$"], 137], [["./no-such-program"], 127]] as const) {
      const { code } = await runRealpeer(["start", line, String(port), "-q", "--", ...command]);
      expect(code).toBe(status);
      expectNothingLeft(port);
    }
  });

  testOnce("what COMMAND leaves running is not touched", async () => {
    const { port, line } = await serverLine();
    const left = `sleep 61.${port}`;
    const { code } = await runRealpeer([
      "start",
      line,
      String(port),
      "-q",
      "--",
      "sh",
      "-c",
      `${left} >/dev/null 2>&1 & exit 0`,
    ]);
    expect(code).toBe(0);
    const [pid, ...others] = processesWith(`61.${port}`);
    expect(others).toEqual([]);
    process.kill(pid!, "SIGKILL");
  });

  testOnce("two servers, one start in the other, are stopped in the reverse order", async () => {
    const [one, two] = [await serverLine(), await serverLine()];
    const log = join(folder, "order.log");
    const logged = (name: string, line: string) =>
      `trap 'kill $!; wait; echo ${name} >> ${log}; exit' TERM; ${line} & wait`;
    const inner = realpeer("start", logged("second", two.line), String(two.port), "-q", "--", "sh", "-c", "exit 9");
    const { code } = await runRealpeer(["start", logged("first", one.line), String(one.port), "-q", "--", ...inner]);
    expect([code, readFileSync(log, "utf8")]).toEqual([9, "second\nfirst\n"]);
    expectNothingLeft(one.port);
    expectNothingLeft(two.port);
  });
});

describe.skipIf(noProcesses)(because("realpeer start that is interrupted", noProcesses), () => {
  const { SIGUSR1, SIGUSR2 } = constants.signals;
  const [usr1, usr2] = [128 + SIGUSR1, 128 + SIGUSR2];
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131, SIGUSR1: usr1, SIGUSR2: usr2 } as const;
  for (const [signal, status] of Object.entries(statuses) as [keyof typeof statuses, number][]) {
    test(`by ${signal} stops the server first, then ends with ${status}`, async () => {
      const { port, line } = await serverLine();
      const started = start(realpeer("start", `STOP_MS=300 ${line}`, String(port)));
      await until(() => hasListener(port), "the server");
      await new Promise((resolve) => setTimeout(resolve, 500));
      started.kill(signal);
      const { code, stdout } = await started.finished;
      expect([code, stdout]).toEqual([status, "listening\nasked to stop\n"]);
      expectNothingLeft(port);
    });
  }

  test("a second time kills at once", async () => {
    const { port, line } = await serverLine();
    const started = start(realpeer("start", `STOP_MS=60000 ${line}`, String(port), "--stop-timeout", "1m"));
    await until(() => hasListener(port), "the server");
    await new Promise((resolve) => setTimeout(resolve, 500));
    started.kill("SIGINT");
    await started.says("asked to stop");
    await new Promise((resolve) => setTimeout(resolve, 200));
    started.kill("SIGINT");
    expect((await started.finished).code).toBe(130);
    expectNothingLeft(port);
  });

  test("the same signal twice within a moment, as npm sends it, is one interrupt", async () => {
    const { port, line } = await serverLine();
    const started = start(realpeer("start", `STOP_MS=500 ${line} && echo cleared`, String(port)));
    await until(() => hasListener(port), "the server");
    await new Promise((resolve) => setTimeout(resolve, 500));
    started.kill("SIGINT");
    started.kill("SIGINT");
    const { code, stdout } = await started.finished;
    expect(code).toBe(130);
    expect(stdout).toContain("asked to stop");
    expectNothingLeft(port);
  });

  test("at any moment from start to end leaves nothing", { timeout: 300_000 }, async () => {
    const moments = process.env["REALPEER_SOAK"] === undefined ? 10 : 50;
    for (let i = 0; i < moments; i++) {
      const { port, line } = await serverLine("100");
      const words = realpeer(
        "start",
        `(setsid ${line} &) ; sleep 60 # ${program} ${port} `,
        String(port),
        "--",
        "sleep",
        "1",
      );
      const started = start(words);
      await new Promise((resolve) => setTimeout(resolve, (i * 3000) / moments));
      try {
        started.kill("SIGINT");
      } catch {
        // It has ended.
      }
      const { code, signal } = await started.finished;
      // Before it listens to signals the runtime ends by itself.
      expect([130, 0, null], `moment ${i}`).toContain(code);
      if (code === null) expect(signal).toBe("SIGINT");
      expect(processesWith(`${program} ${port} `), `moment ${i}`).toEqual([]);
    }
  });
});
