import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deadPort } from "../../src/api/testing.ts";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, root, run, runtime } from "../fixtures/runtime.ts";
import { noFull } from "../fixtures/system.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { FakeSystem, runHere } from "./fake_system.ts";
import { realpeer, runRealpeer, start } from "./realpeer.ts";

describe("the command that realpeer wait runs", () => {
  test("gets its own arguments, whatever is in them", async () => {
    await using server = await startServer((socket) => socket.resume());
    const words = ["a b", "", "'", '"', "$HOME", "`id`", "two\nlines", "--help", "--", "-q", "*", "\\", "é", "%PATH%"];
    const program = ["node", "-e", "console.log(JSON.stringify(process.argv.slice(1)))", "--", ...words];
    const { code, stdout } = await runRealpeer(["wait", "--quiet", String(server.port), "--", ...program]);
    expect([code, JSON.parse(stdout)]).toEqual([0, words]);
  });

  test("passes its exit status on", async () => {
    await using server = await startServer((socket) => socket.resume());
    for (const status of [0, 1, 2, 255]) {
      expect(await runHere(["wait", String(server.port), "--", "program"], () => status)).toMatchObject({
        code: status,
      });
    }
    const command = ["sh", "-c", "echo ran; exit 42"];
    const { code, stdout } = await runRealpeer(["wait", "-q", String(server.port), "--", ...command]);
    expect([code, stdout]).toEqual([42, "ran\n"]);
  });

  test("comes after the one JSON document", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { stdout } = await runRealpeer(["wait", "--json", String(server.port), "--", "echo", "ran"]);
    expect(JSON.parse(stdout.replace(/ran\n$/, "")).ready).toBe(true);
  });

  test("is not run when the wait was in vain", async () => {
    await using dead = await deadPort();
    const system = new FakeSystem(["wait", "-t", "200ms", String(dead.port), "--", "echo", "ran"], false, {}, () => 0);
    expect([await runCommandLine(system), system.started]).toEqual([1, []]);
  });

  test("that cannot be run is 127 or 126, as in a shell, in one line", async () => {
    await using server = await startServer((socket) => socket.resume());
    const withoutInterpreter = join(mkdtempSync(join(tmpdir(), "realpeer-script-")), "script");
    writeFileSync(withoutInterpreter, "#!/no/such/interpreter\n", { mode: 0o755 });
    const cases = [
      ["./no-such-program", 127, "there is no such program"],
      ["", 127, "there is no such program"],
      ["x".repeat(300), 127, "there is no such program"],
      [`./${"x".repeat(300)}`, 127, "there is no such program"],
      [withoutInterpreter, 127, "its interpreter is missing"],
      ["/", 126, "it may not be executed"],
      [`${root}LICENSE`, 126, "it may not be executed"],
    ] as const;
    for (const [file, status, reason] of cases) {
      const { code, stderr } = await runRealpeer(["wait", String(server.port), "--", file]);
      expect([code, stderr.split("\n").slice(1)]).toEqual([status, [
        `realpeer: Cannot run ${file || '""'}: ${reason}`,
        "",
      ]]);
    }
  });

  test("runs whatever becomes of the messages, and its status counts", async () => {
    await using server = await startServer((socket) => socket.resume());
    const ran = join(mkdtempSync(join(tmpdir(), "realpeer-ran-")), "ran");
    const command = ["--", "sh", "-c", `echo ran > ${ran}; exit 5`];
    const closings = [["2>/dev/full"], ["2> >(exit 0)"], ["2>&-"], [">/dev/full", "--json"]];
    for (const [closing, ...options] of closings) {
      if (noFull !== undefined && closing?.includes("/dev/full")) continue;
      const words = realpeer("wait", String(server.port), ...options, ...command);
      const script = `exec 9>&1; "$@" ${closing}; echo "status $?" >&9`;
      const { stdout } = await run(["bash", "-c", script, "bash", ...words]);
      expect([closing, stdout, readFileSync(ran, "utf8")]).toEqual([closing, "status 5\n", "ran\n"]);
      rmSync(ran);
    }
  });

  test("is found without PATH where execvp(3) looks for it", async () => {
    await using server = await startServer((socket) => socket.resume());
    for (const [program, status] of [["ls", 0], ["no-such-program", 127]] as const) {
      // Deno's node:child_process cannot leave a variable out.
      const words = ["env", "-u", "PATH", ...realpeer("wait", "-q", String(server.port), "--", program)];
      expect(await run(words)).toMatchObject({ code: status });
    }
  });

  test.skipIf(process.platform === "win32")("is run where few files may be open", async () => {
    await using server = await startServer((socket) => socket.resume());
    const words = realpeer("wait", "-q", String(server.port), "--", "sh", "-c", "exit 8");
    expect(await run(["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", ...words])).toMatchObject({ code: 8, stderr: "" });
  });

  test("may be a script without a first line", async () => {
    await using server = await startServer((socket) => socket.resume());
    const file = join(mkdtempSync(join(tmpdir(), "realpeer-script-")), "script");
    writeFileSync(file, 'echo "$1"; exit 6\n', { mode: 0o755 });
    const { code, stdout } = await runRealpeer(["wait", "-q", String(server.port), "--", file, "an argument"]);
    expect([code, stdout]).toEqual([6, "an argument\n"]);
  });

  test.skipIf(noFull)(because("a document that cannot be written is 3 where no command follows", noFull), async () => {
    await using server = await startServer((socket) => socket.resume());
    const words = realpeer("wait", "--json", String(server.port));
    const { code, stderr } = await run(["bash", "-c", '"$@" >/dev/full', "bash", ...words]);
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/^realpeer: Cannot write to standard output: .*no space left.*\n$/i),
    ]);
  });

  test.skipIf(noFull)(because("a mistake in the arguments is 2 also where that cannot be said", noFull), async () => {
    const { stdout } = await run(["bash", "-c", '"$@" 2>/dev/full; echo $?', "bash", ...realpeer("wait")]);
    expect(stdout).toBe("2\n");
  });

  test("help into a pipe whose reader has gone is no error of ours: 141, as a shell has it", async () => {
    const { stdout, stderr } = await run([
      "bash",
      "-c",
      '"$@" > >(exit 0); echo $? >&2',
      "bash",
      ...realpeer("--help"),
    ]);
    expect(stdout).toBe("");
    expect(["0\n", "141\n"]).toContain(stderr);
  });

  for (const signal of ["SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const) {
    test(`gets ${signal}`, async () => {
      await using server = await startServer((socket) => socket.resume());
      const name = signal.slice(3);
      const script = `trap 'echo got ${name}; exit 7' ${name}; echo ready; while :; do sleep 0.1; done`;
      const started = start(realpeer("wait", "-q", String(server.port), "--", "bash", "-c", script));
      await started.says("ready");
      started.kill(signal);
      expect(await started.finished).toMatchObject({ code: 7, stdout: `ready\ngot ${name}\n`, stderr: "" });
    });
  }

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    test(`gets ${signal}, and may end in its own way`, async () => {
      await using server = await startServer((socket) => socket.resume());
      const name = signal.slice(3);
      const script = `trap 'echo got ${name}; exit 7' ${name}; echo ready; while :; do sleep 0.1; done`;
      const started = start(realpeer("wait", "-q", String(server.port), "--", "sh", "-c", script));
      await started.says("ready");
      started.kill(signal);
      const { code, stdout } = await started.finished;
      expect([code, stdout]).toEqual([7, `ready\ngot ${name}\n`]);
    });

    test(`that ${signal} ends makes it 128 + ${constants.signals[signal]}`, async () => {
      await using server = await startServer((socket) => socket.resume());
      const started = start(realpeer("wait", "-q", String(server.port), "--", "sh", "-c", "echo ready; exec sleep 30"));
      await started.says("ready");
      started.kill(signal);
      expect(await started.finished).toMatchObject({ code: 128 + constants.signals[signal], signal: null });
    });
  }

  test.skipIf(process.platform !== "linux")("that a real-time signal ends makes it 128 + 37, never 0", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { code } = await runRealpeer(["wait", "-q", String(server.port), "--", "bash", "-c", "kill -37 $$"]);
    expect(code).toBe(128 + 37);
    const quick = await runRealpeer(["wait", "-q", String(server.port), "--", "bash", "-c", "exec 100>&-; exit 0"]);
    expect(quick.code).toBe(0);
  });

  test("killed by SIGKILL gives 137", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { code } = await runRealpeer(["wait", "-q", String(server.port), "--", "sh", "-c", "kill -9 $$"]);
    expect(code).toBe(137);
  });
});

describe("realpeer wait --while-pid", () => {
  test("of a process that is not there says so", async () => {
    await using dead = await deadPort();
    const { code, stderr } = await runRealpeer(["wait", String(dead.port), "--while-pid", "99999999"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("realpeer: Process 99999999 is gone, gave up on")]);
  });

  const notDeno = runtime === "deno" ? undefined : "only Deno asks";
  test.skipIf(notDeno)(because("without the right to look is unexpected, and names the flag", notDeno), async () => {
    await using dead = await deadPort();
    const args = ["wait", String(dead.port), "--while-pid", String(process.pid)];
    const { code, stderr } = await run(commandFor("src/cli/main.ts", args, ["--no-prompt", "--allow-net"]));
    expect([code, stderr]).toEqual([3, expect.stringMatching(/--allow-(run|all)/)]);
  });
});

describe("realpeer wait that is interrupted", () => {
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const [signal, status] of Object.entries(statuses) as [keyof typeof statuses, number][]) {
    test(`ends with ${status} on ${signal}, without a message and without the command`, async () => {
      await using dead = await deadPort();
      const started = start(realpeer("wait", "--json", String(dead.port), "--", "echo", "ran"));
      await started.listensToSignals();
      // Some attempts and pauses later.
      await new Promise((resolve) => setTimeout(resolve, 300));
      started.kill(signal);
      const { code, stdout, stderr } = await started.finished;
      expect([code, stderr]).toEqual([status, ""]);
      expect(JSON.parse(stdout)).toMatchObject({ ready: false, targets: [{ error: "interrupted" }] });
    });
  }

  test.skipIf(noLab)(because("leaves nothing on the port, not even in TIME_WAIT", noLab), async () => {
    const script = `"$@" & sleep 1.5; kill -INT $!; wait $!; echo status $?; ss -Htan "sport = :${LAB_PORT}"`;
    const command = ["sh", "-c", script, "sh", ...realpeer("wait", "-q", `127.0.0.1:${LAB_PORT}`)];
    // A shell without job control starts what is in the background with SIGINT ignored.
    const { stdout } = await run(inLab(["bash", "-m", "-c", command[2]!, "bash", ...command.slice(4)]));
    expect(stdout).toBe("status 130\n");
  });
});
