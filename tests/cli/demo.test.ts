import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { selfConnectAddress } from "../../src/host/loopback.ts";
import { because, inEmptyNamespace, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { testOnce } from "../fixtures/once.ts";
import { run, runtime } from "../fixtures/runtime.ts";
import { noProc } from "../fixtures/system.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { FakeSystem, runHere } from "./fake_system.ts";
import { realpeer, start } from "./realpeer.ts";

/** Where 65,536 attempts on the kernel's own range miss about one time in a hundred, these do not. */
const PLENTY = "400000";

describe("realpeer demo", () => {
  test.skipIf(noLab)(because("shows both ends, the attempts and the time", noLab), async () => {
    const { code, stdout, stderr } = await run(inLab(realpeer("demo", String(LAB_PORT))));
    const end = `127.0.0.1:${LAB_PORT}`;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^connected ${end} ${end}\\n1 attempt in \\d+ ms\\n$`));
  });

  test.skipIf(noLab)(because("reproduces it in the kernel's own range, on a port at risk", noLab), async () => {
    const { code, stdout, stderr } = await run(inEmptyNamespace(realpeer("demo", "--json", "--attempts", PLENTY)));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { port, local, remote, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ selfConnected: true, attempts: expect.any(Number), elapsed: expect.any(Number) });
    expect([local, remote]).toEqual([{ hostname: "127.0.0.1", port }, { hostname: "127.0.0.1", port }]);
    expect([port % 2, port >= 32768, port <= 60999]).toEqual([0, true, true]);
  });

  test.skipIf(noLab)(because("leaves the port free at once", noLab), async () => {
    const script = `"$@"; ss -Htan "sport = :${LAB_PORT}"`;
    const { stdout } = await run(inLab(["sh", "-c", script, "sh", ...realpeer("demo", String(LAB_PORT))]));
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  });

  test.skipIf(noLab)(because("--hold keeps the connection for ss, until it is interrupted", noLab), async () => {
    const script = `
      "$@" > "$OUT" & pid=$!
      until grep -q connected "$OUT"; do sleep 0.05; done
      ss -Htan "sport = :${LAB_PORT}"; kill -TERM $pid; wait $pid; echo "status $?"
      ss -Htan "sport = :${LAB_PORT}"`;
    const command = inLab(["sh", "-c", `OUT=$(mktemp); ${script}; rm "$OUT"`, "sh"]);
    const { stdout } = await run([...command, ...realpeer("demo", String(LAB_PORT), "--hold", "1h")]);
    const [held = "", ...rest] = stdout.trimEnd().split("\n");
    expect(held.split(/ +/)).toEqual(["ESTAB", "0", "0", `127.0.0.1:${LAB_PORT}`, `127.0.0.1:${LAB_PORT}`]);
    expect(rest).toEqual(["status 143"]);
  });

  test.skipIf(noLab)(because("--hold lets go after its time", noLab), async () => {
    const { code, stderr } = await run(inLab(realpeer("demo", String(LAB_PORT), "--hold", "200ms")));
    expect([code, stderr]).toEqual([0, "held for 200 ms, Ctrl-C ends it\n"]);
  });

  test.skipIf(noLab)(because("--guarded: none gets through", noLab), async () => {
    const guarded = realpeer("demo", String(LAB_PORT), "--guarded", "--attempts", "3000");
    const { code, stdout } = await run(inLab(guarded));
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^none got through: the guard rejected \d+ self-connections\n30\d\d attempts in /,
      ),
    ]);
    expect(JSON.parse((await run(inLab([...guarded, "--json"]))).stdout)).toEqual({
      port: LAB_PORT,
      selfConnected: false,
      attempts: expect.any(Number),
      elapsed: expect.any(Number),
      local: null,
      remote: null,
    });
  });

  test("reports who listens on the port, and does not dial it", async () => {
    let accepted = 0;
    const onConnect = (socket: Socket): void => {
      accepted++;
      socket.destroy();
    };
    await using server = await startServer(onConnect, selfConnectAddress());
    const { code, stdout, stderr } = await runHere(["demo", String(server.port)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const who = noProc ? "a program has bound it" : ".+ \\(pid \\d+\\) listens on it";
    expect(stderr).toMatch(
      new RegExp(`^realpeer: Cannot demonstrate on ${server.port}: ${who}, take another port or none\\n$`),
    );
    const document = await runHere(["demo", String(server.port), "--json"]);
    const nothing = { selfConnected: false, attempts: 0, elapsed: 0, local: null, remote: null };
    expect([document.code, JSON.parse(document.stdout)]).toEqual([1, { port: server.port, ...nothing }]);
    expect(accepted).toBe(0);
  });

  const advice = ", try again or with --attempts 100";
  const warnings: readonly [name: string, port: number, says: RegExp, advice?: string][] = [
    ["outside the range", 39999, /^realpeer: Port 39999 cannot be connected to itself: outside the ephemeral range/],
    ["of the unlikely parity", 40001, /^realpeer: Port 40001 is not likely to be connected to itself: .*odd/, advice],
    ["reserved", 40002, /^realpeer: Port 40002 cannot be connected to itself: reserved/],
  ];
  for (const [name, port, says, advice = ""] of warnings) {
    testOnce(`warns of a port that is ${name}`, async () => {
      const { code, stdout, stderr } = await run(inLab(realpeer("demo", String(port), "--attempts", "50")));
      expect([code, stdout]).toEqual([
        1,
        expect.stringContaining(`not connected to itself${advice}\n50 attempts`),
      ]);
      expect(stderr).toMatch(says);
    }, noLab);
  }

  // Bun.connect calls everything ECONNREFUSED.
  const noErrors = runtime === "bun" ? "Bun has one error for all" : noLab;
  test.skipIf(noErrors)(because("ends with any error but a refusal", noErrors), async () => {
    const alone = ["sh", "-c", 'ip addr del 127.0.0.1/8 dev lo; exec "$@"', "sh"];
    const { code, stdout, stderr } = await run(inLab([...alone, ...realpeer("demo", String(LAB_PORT))]));
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toBe(`realpeer: Cannot go on dialing 127.0.0.1:${LAB_PORT}: network unreachable\n`);
  });

  test("is interrupted like everything else", async () => {
    const started = start(realpeer("demo", "32767", "--attempts", "100000000"));
    await started.listensToSignals();
    started.kill("SIGINT");
    expect(await started.finished).toMatchObject({ code: 130, stdout: "" });
  });
});

describe("progress of realpeer demo", () => {
  const args = ["demo", "32767", "--attempts", "10000"];

  test("is one line of a terminal, drawn again and taken away", async () => {
    const system = new FakeSystem(args, true);
    expect(await runCommandLine(system)).toBe(1);
    const [warning, progress = ""] = system.stderr.text.split("\n");
    expect(warning).toContain("Port 32767 cannot be connected to itself");
    const drawn = progress.split("\r\x1b[K").filter(Boolean);
    expect(drawn.length).toBeGreaterThan(0);
    for (const line of drawn) {
      expect(line).toMatch(/^dialing (127\.0\.0\.1|\[::1\]):32767: \d+ attempts? in [\d.]+ m?s$/);
    }
    expect(progress.endsWith("\r\x1b[K")).toBe(true);
  });

  testOnce("tells how much of the range was walked", async () => {
    const system = new FakeSystem(["demo", "--guarded", "--attempts", "20000"], true);
    expect(await runCommandLine(system)).toBe(0);
    const drawn = system.stderr.text.split("\r\x1b[K").filter(Boolean);
    expect(drawn.length).toBeGreaterThan(0);
    for (const line of drawn) {
      expect(line).toMatch(/^dialing \S+: \d+ attempts? in [\d.]+ m?s, \d+ % of the expected number$/);
    }
  });

  for (
    const [where, system] of [
      ["into a pipe", new FakeSystem(args, false)],
      ["on a terminal that takes no sequences", new FakeSystem(args, true, { TERM: "dumb" })],
    ] as const
  ) {
    testOnce(`is not written ${where}`, async () => {
      await runCommandLine(system);
      expect(system.stderr.text.split("\n").slice(1)).toEqual([""]);
    });
  }
});
