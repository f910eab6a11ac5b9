import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { deadPort } from "../../src/api/testing.ts";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { run } from "../fixtures/runtime.ts";
import { startServer } from "../fixtures/tcp_server.ts";
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
    for (const status of [0, 1, 2, 42, 255]) {
      const command = ["sh", "-c", `echo ran; exit ${status}`];
      const { code, stdout } = await runRealpeer(["wait", "-q", String(server.port), "--", ...command]);
      expect([code, stdout]).toEqual([status, "ran\n"]);
    }
  });

  test("comes after the one JSON document", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { stdout } = await runRealpeer(["wait", "--json", String(server.port), "--", "echo", "ran"]);
    expect(JSON.parse(stdout.replace(/ran\n$/, "")).ready).toBe(true);
  });

  test("is not run when the wait was in vain", async () => {
    await using dead = await deadPort();
    const { code, stdout } = await runRealpeer(["wait", "-t", "200ms", String(dead.port), "--", "echo", "ran"]);
    expect([code, stdout]).toEqual([1, ""]);
  });

  test("that cannot be run is unexpected, in one line", async () => {
    await using server = await startServer((socket) => socket.resume());
    for (const [file, reason] of [["./no-such-program", "there is no such program"], ["/", "it may not be executed"]]) {
      const { code, stderr } = await runRealpeer(["wait", String(server.port), "--", file!]);
      expect([code, stderr.split("\n").slice(1)]).toEqual([3, [`realpeer: Cannot run ${file}: ${reason}`, ""]]);
    }
  });

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

  test("killed by SIGKILL gives 137", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { code } = await runRealpeer(["wait", "-q", String(server.port), "--", "sh", "-c", "kill -9 $$"]);
    expect(code).toBe(137);
  });
});

describe("realpeer wait that is interrupted", () => {
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const [signal, status] of Object.entries(statuses) as [keyof typeof statuses, number][]) {
    test(`ends with ${status} on ${signal}, without a word and without the command`, async () => {
      await using dead = await deadPort();
      const started = start(realpeer("wait", "--json", String(dead.port), "--", "echo", "ran"));
      await started.listensToSignals();
      // Some attempts and pauses later.
      await new Promise((resolve) => setTimeout(resolve, 300));
      started.kill(signal);
      expect(await started.finished).toEqual({ code: status, signal: null, stdout: "", stderr: "" });
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
