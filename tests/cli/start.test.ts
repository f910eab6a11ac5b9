import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { processesWith, until } from "../fixtures/processes.ts";
import { root, run, runtime } from "../fixtures/runtime.ts";
import { startServer, unusedPort } from "../fixtures/tcp_server.ts";
import { socketsOnPort, TCP_LISTEN } from "../programs/host_sockets.ts";
import { realpeer, runRealpeer, start } from "./realpeer.ts";

const noProc = process.platform === "linux" ? undefined : "processes are looked up in /proc";
// Short: what says who listens cuts long command lines.
const folder = mkdtempSync(join(tmpdir(), "s-"));
/** The server in JavaScript, so that each runtime's tests start it with Node and as fast. */
const program = join(folder, "server.mjs");

beforeAll(() => {
  const source = readFileSync(join(root, "tests/programs/http_server.ts"), "utf8");
  writeFileSync(program, source);
});

const isListening = (port: number): boolean => socketsOnPort(port).some((socket) => socket.startsWith(TCP_LISTEN));

/** A port, and the command line of a server on it. */
async function serverLine(rest = ""): Promise<{ port: number; line: string }> {
  const port = await unusedPort();
  return { port, line: `node ${program} ${port} 127.0.0.1 ${rest}` };
}

function expectNothingLeft(port: number): void {
  expect(processesWith(`${program} ${port} `)).toEqual([]);
  expect(isListening(port)).toBe(false);
}

afterAll(() => expect(processesWith(folder)).toEqual([]));

describe.skipIf(noProc)(because("realpeer start", noProc), () => {
  test("starts the server, waits, runs COMMAND, stops the server, and passes COMMAND's status on", async () => {
    const { port, line } = await serverLine("100");
    const url = `http://127.0.0.1:${port}/`;
    const fetched = `fetch("${url}").then((r) => r.text()).then((t) => { console.log(t); process.exit(7); })`;
    const { code, stdout, stderr } = await runRealpeer(["start", line, url, "--", "node", "-e", fetched]);
    expect([code, stdout]).toEqual([7, "listening\nok\nasked to stop\n"]);
    expect(stderr).toMatch(
      /^realpeer: http:\/\/127\.0\.0\.1:\d+\/ is ready after .* \(127\.0\.0\.1, status 200\), process \d+ listens\n$/,
    );
    expectNothingLeft(port);
  });

  test("a command line is the shell's: quotes, variables, several commands", async () => {
    const { port, line } = await serverLine();
    const words = `X='a  b'; echo "$X" \`echo c\` 'd"e' && ${line}`;
    const { code, stdout } = await runRealpeer(["start", words, String(port), "-q", "--", "true"]);
    expect([code, stdout.split("\n")[0]]).toEqual([0, 'a  b c d"e']);
    expectNothingLeft(port);
  });

  for (const [status, line] of [[3, "exit 3"], [0, "true"], [127, "no-such-program-anywhere 2>/dev/null"]] as const) {
    test(`a server that ends with ${status} before it is ready is 1 at once, and COMMAND is not run`, async () => {
      const port = await unusedPort();
      const { code, stdout, stderr } = await runRealpeer(["start", line, String(port), "--", "echo", "ran"]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toBe(`realpeer: The server ended with status ${status} before it was ready\n`);
    });
  }

  const unnamed = runtime === "deno" ? undefined : "this runtime reports it as status 0";
  test.skipIf(unnamed)(because("a server that a real-time signal ends leaves nothing", unnamed), async () => {
    const { port, line } = await serverLine();
    const server = `${line} & sleep 1; kill -37 $$`;
    const { code } = await runRealpeer(["start", server, String(port), "-q", "--", "sh", "-c", "sleep 2; exit 5"]);
    expect(code).toBe(5);
    expectNothingLeft(port);
    const early = await runRealpeer(["start", "kill -37 $$", String(port)]);
    expect([early.code, early.stderr]).toEqual([1, "realpeer: The server ended with status 165 before it was ready\n"]);
  });

  test("a server that cannot bind says why, and one that could bind does not", async () => {
    const held = await startServer((socket) => socket.end());
    const { port } = held;
    // The server's end closes first, and keeps its port in TIME_WAIT: no server with SO_REUSEADDR minds.
    await run(["bash", "-c", `cat < /dev/tcp/127.0.0.1/${port}`]);
    await held[Symbol.asyncDispose]();
    await until(() => socketsOnPort(port).length > 0 && !isListening(port), "TIME_WAIT");
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

  test("a stale server is 1 before anything starts, and named; --reuse takes it and leaves it alone", async () => {
    const { port, line } = await serverLine();
    const [file = "", ...args] = line.trim().split(" ");
    const stale = spawn(file, args, { stdio: "ignore" });
    await until(() => isListening(port), "the stale server");
    const started = join(folder, "started");
    const server = `touch ${started}; ${line}`;
    for (const target of [String(port), `http://localhost:${port}/`]) {
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
    expect(isListening(port)).toBe(true);
    stale.kill("SIGKILL");
    await until(() => !isListening(port), "the end of the stale server");
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

  test("--reuse starts the server where none listens", async () => {
    const { port, line } = await serverLine();
    const { code } = await runRealpeer(["start", line, String(port), "--reuse", "-q", "--", "true"]);
    expect(code).toBe(0);
    expectNothingLeft(port);
  });

  test("what answers but was started by another realpeer does not count", async () => {
    const { port, line } = await serverLine("600");
    const first = start(realpeer("start", line, String(port), "--", "sleep", "4"));
    // It has found the port free, as the first has, and its own server never listens.
    const second = await runRealpeer(["start", `sleep 60 # ${program}`, String(port), "--", "echo", "ran"]);
    expect([second.code, second.stdout]).toEqual([1, ""]);
    expect(second.stderr).toMatch(/which another realpeer process started|another server already listens/);
    expect((await first.finished).code).toBe(0);
    expectNothingLeft(port);
  });

  test("a daemon is waited for, known as its own, and stopped", async () => {
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

  test("with --json standard output is one document: the server's goes to standard error", async () => {
    const { port, line } = await serverLine();
    const { stdout, stderr } = await runRealpeer(["start", line, String(port), "--json", "--", "true"]);
    expect(JSON.parse(stdout).ready).toBe(true);
    expect(stderr).toContain("listening\n");
  });

  test("--log refuses a FIFO that nobody reads, and adds to what others write", async () => {
    const { port, line } = await serverLine();
    const fifo = join(folder, "fifo");
    await run(["mkfifo", fifo]);
    const { code, stderr } = await runRealpeer(["start", line, String(port), "--log", fifo]);
    expect([code, stderr]).toEqual([3, `realpeer: Cannot write the log ${fifo}: nobody reads the FIFO\n`]);
    const log = join(folder, "shared.log");
    const both = realpeer("start", line, String(port), "--log", log, "-q", "--", "sh", "-c", "echo from the command");
    await run(["sh", "-c", 'log=$1; shift; exec "$@" >> "$log"', "sh", log, ...both]);
    expect(readFileSync(log, "utf8").split("\n").sort()).toEqual([
      "",
      "asked to stop",
      "from the command",
      "listening",
    ]);
    expectNothingLeft(port);
  });

  test("a listener that takes IPv6 only is not in the way of IPv4", async () => {
    const { port, line } = await serverLine();
    // Deno's node:net knows no ipv6Only.
    const listen = `require("net").createServer().listen({ port: ${port}, host: "::", ipv6Only: true })`;
    const other = spawn("node", ["-e", listen], { stdio: "ignore" });
    await until(() => isListening(port), "the other listener");
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

  test("--reuse says who listens, and with --any takes one of the targets", async () => {
    await using running = await startServer((socket) => socket.resume());
    const args = [String(running.port), String(await unusedPort()), "--any", "--reuse", "--json", "--", "true"];
    const { code, stdout } = await runRealpeer(["start", "sleep 9", ...args]);
    const [target] = JSON.parse(stdout).targets;
    expect([code, target]).toEqual([0, expect.objectContaining({ ready: true, pid: process.pid, ownTree: false })]);
  });

  test("a server that listens on another address than the target's is shown in the message", async () => {
    const port = await unusedPort();
    const server = `node ${program} ${port} ::1`;
    const other = spawn("sleep", ["100"]);
    const started = start(realpeer("start", server, `127.0.0.1:${port}`, "--while-pid", String(other.pid)));
    await until(() => isListening(port), "the server");
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
    await until(() => isListening(port), "the server");
    other.kill();
    const { code, stderr } = await started.finished;
    const hint = `; the server listens on 127.0.0.1:${port}, not on the target's port\n`;
    expect([code, stderr]).toEqual([1, expect.stringContaining(hint)]);
    expectNothingLeft(port);
  });

  test("--log takes the server's output", async () => {
    const { port, line } = await serverLine();
    const log = join(folder, "server.log");
    const { stdout } = await runRealpeer(["start", `${line}`, String(port), "--log", log, "-q", "--", "echo", "ran"]);
    expect(stdout).toBe("ran\n");
    expect(readFileSync(log, "utf8")).toBe("listening\nasked to stop\n");
    const { code, stderr } = await runRealpeer(["start", line, String(port), "--log", "/no/such/folder/x"]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("/no/such/folder/x")]);
    expectNothingLeft(port);
  });

  test("a server that writes 100 MB is not held up", async () => {
    const { port, line } = await serverLine();
    const loud = `head -c 100000000 /dev/zero; ${line}`;
    const words = realpeer("start", loud, String(port), "-q", "--", "true");
    const { stdout } = await run(["bash", "-c", '"$@" | wc -c; echo ${PIPESTATUS[0]}', "bash", ...words]);
    const [bytes, status] = stdout.trim().split("\n");
    expect(Number(bytes)).toBeGreaterThanOrEqual(100_000_000);
    expect(status).toBe("0");
    expectNothingLeft(port);
  });

  test("a server and grandchildren that ignore SIGTERM get SIGKILL after --stop-timeout", async () => {
    const { port, line } = await serverLine();
    const stubborn = `trap '' TERM; (trap '' TERM; sleep 60 # ${program} ${port} \n) & STOP_MS=60000 ${line}; sleep 60`;
    const started = performance.now();
    const args = ["start", stubborn, String(port), "--stop-timeout", "300ms", "-q", "--", "true"];
    const { code } = await runRealpeer(args);
    expect(code).toBe(0);
    expect(performance.now() - started).toBeLessThan(30_000);
    expectNothingLeft(port);
  });

  test("--stop-signal is what the server gets", async () => {
    const { port, line } = await serverLine();
    const trapped = `trap 'echo got INT; kill $!; exit' INT; ${line} & wait`;
    const args = ["start", trapped, String(port), "--stop-signal", "int", "-q", "--", "true"];
    const { stdout } = await runRealpeer([...args.slice(0, 5), "--stop-timeout", "3s", ...args.slice(5)]);
    expect(stdout).toContain("got INT\n");
    expectNothingLeft(port);
  });

  test("a server that dies while COMMAND runs is a warning, and the status stays COMMAND's", async () => {
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

  test("what COMMAND leaves running is not touched", async () => {
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

  test("npm run dev with vite", async () => {
    const port = await unusedPort();
    const project = mkdtempSync(join(folder, "vite-"));
    const vite = `vite --port ${port} --strictPort --host 127.0.0.1`;
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, scripts: { dev: vite } }));
    writeFileSync(join(project, "index.html"), "<html>page</html>");
    const url = `http://127.0.0.1:${port}/`;
    const words = [
      "start",
      `cd ${project} && npm run dev`,
      url,
      "--json",
      "--timeout",
      "50s",
      "--",
      "sh",
      "-c",
      "exit 0",
    ];
    const env = { PATH: `${root}node_modules/.bin:${process.env["PATH"]}` };
    const { code, stdout } = await runRealpeer(words, { env });
    expect([code, JSON.parse(stdout).targets]).toMatchObject([0, [{ status: 200, ownTree: true }]]);
    expect(processesWith(String(port))).toEqual([]);
    expect(isListening(port)).toBe(false);
  });

  test("standard input stays open: esbuild --servedir does not end", async () => {
    const port = await unusedPort();
    const server = `${root}node_modules/.bin/esbuild --servedir=${folder} --serve=127.0.0.1:${port}`;
    const words = ["start", server, `http://127.0.0.1:${port}/`, "-q", "--", "sh", "-c", `sleep 1; exit 8`];
    expect((await runRealpeer(words)).code).toBe(8);
    expect(processesWith(`127.0.0.1:${port}`)).toEqual([]);
  });

  test("two servers, one start in the other, are stopped in the reverse order", async () => {
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

describe.skipIf(noProc)(because("realpeer start that is interrupted", noProc), () => {
  const { SIGUSR1, SIGUSR2 } = constants.signals;
  const [usr1, usr2] = [128 + SIGUSR1, 128 + SIGUSR2];
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131, SIGUSR1: usr1, SIGUSR2: usr2 } as const;
  for (const [signal, status] of Object.entries(statuses) as [keyof typeof statuses, number][]) {
    test(`by ${signal} stops the server first, then ends with ${status}`, async () => {
      const { port, line } = await serverLine();
      const started = start(realpeer("start", `STOP_MS=300 ${line}`, String(port)));
      await until(() => isListening(port), "the server");
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
    await until(() => isListening(port), "the server");
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
    await until(() => isListening(port), "the server");
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
