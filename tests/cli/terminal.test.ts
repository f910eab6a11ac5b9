import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { find, missing } from "../fixtures/find_program.ts";
import { because } from "../fixtures/lab.ts";
import { until } from "../fixtures/processes.ts";
import { COMMAND, commandFor, root, run, runtime } from "../fixtures/runtime.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { realpeer } from "./realpeer.ts";

const noScript = process.platform === "linux" ? missing(["script", find("script")]) : "script(1) differs elsewhere";

const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");

/** Runs a shell's command line on a terminal of its own; presses Ctrl-C at `presses`, and resolves with all that is shown. */
function onTerminal(line: string, presses: string): Promise<string> {
  const child = spawn("script", ["-qfec", line, "/dev/null"], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  let shown = "";
  let hasPressed = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    if (hasPressed || !shown.includes(presses)) return;
    hasPressed = true;
    child.stdin.write("\x03");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(shown.replaceAll("\r", "")));
  });
}

describe.skipIf(noScript)(because("on a terminal", noScript), () => {
  const counting = ["bash", "-c", "trap 'echo heard INT' INT; echo up; sleep 1; sleep 1; echo over; exit 4"];

  for (const [where, redirection] of [["the terminal", ""], ["no terminal", "< /dev/null"]] as const) {
    test(`Ctrl-C reaches COMMAND once, where standard input is ${where}`, async () => {
      await using server = await startServer((socket) => socket.resume());
      const words = realpeer("wait", String(server.port), "-q", "--", ...counting);
      // The shell's own trap keeps it from ending before it can say the status.
      const shown = await onTerminal(`trap : INT; ${quoted(words)} ${redirection}; echo status $?`, "up");
      expect(shown.match(/heard INT/g)).toHaveLength(1);
      expect(shown).toMatch(/over\nstatus 4\n$/);
    });
  }

  test("a terminal that is closed ends the command like SIGHUP, without a core dump", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "t-")), "status");
    // Only the leader of the session, the shell, gets the terminal's own SIGHUP, and waits twice: the trap ends the first.
    const words = quoted(realpeer("shield", "9"));
    const wait = `trap "kill -HUP $p" HUP; wait $p; wait $p; echo $? > ${file}.new; mv ${file}.new ${file}`;
    const line = `${words} & p=$!; ${wait}`;
    const child = spawn("script", ["-qfec", line, "/dev/null"], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
    await new Promise<void>((resolve) => child.stdout.on("data", (bytes) => String(bytes).includes("9 ") && resolve()));
    child.kill("SIGKILL");
    await until(() => existsSync(file), "the end of the command");
    expect(readFileSync(file, "utf8")).toBe("129\n");
  });

  describe.skipIf(runtime !== "deno")("with the permissions that Deno needs, and no more", () => {
    const allowed = (...args: string[]): string =>
      `timeout --foreground -s KILL 20 ${
        quoted(commandFor(COMMAND, args, ["--allow-net", "--allow-run"]))
      }; echo status $?`;

    test("Ctrl-C makes Deno ask for nothing", async () => {
      const shown = await onTerminal(`trap : INT; ${allowed("shield", "41000", "-q", "--", ...counting)}`, "up");
      expect(shown).toBe("up\n^Cheard INT\nover\nstatus 4\n");
    });

    test("--while-pid makes Deno ask for nothing", async () => {
      const words = ["wait", "127.0.0.1:1", "-t", "300ms", "--while-pid", String(process.pid)];
      const shown = await onTerminal(allowed(...words), "never");
      expect(shown).toMatch(/Timed out[^\n]*\nstatus 1\n$/);
      expect(shown).not.toContain("Deno requests");
    });
  });

  test("Ctrl-C does not reach a SERVER, which is stopped after COMMAND", async () => {
    await using held = await startServer(() => {});
    const { port } = held;
    await held[Symbol.asyncDispose]();
    const script = `require("net").createServer((s) => s.end()).listen(${port}, "127.0.0.1");` +
      `for (const s of ["SIGINT", "SIGTERM"]) process.on(s, () => { console.log("server heard " + s); process.exit(); })`;
    const words = realpeer("start", `node -e '${script}'`, String(port), "-q", "--", ...counting);
    const shown = await onTerminal(`trap : INT; ${quoted(words)}; echo status $?`, "up");
    expect(shown.match(/heard \w+/g)).toEqual(["heard INT", "heard SIGTERM"]);
    expect(shown).toMatch(/status 4\n$/);
  });

  test("a wait shows what it waits for, in one line that is taken away", async () => {
    const words = realpeer("wait", "127.0.0.1:1", "-t", "1s");
    const shown = await onTerminal(quoted(words), "never");
    expect(shown).toContain("\x1b[Kwaiting ");
    expect(shown).toContain("for 127.0.0.1:1 (connection refused)");
    expect(shown.split("\x1b[K").at(-1)).toMatch(/^realpeer: Timed out after 1 s[^\n]*\n$/);
  });
});

test.skipIf(runtime !== "node")(
  "what a module of --require writes at the end arrives, unless the terminal is closed",
  async () => {
    const file = join(mkdtempSync(join(tmpdir(), "t-")), "at_exit.cjs");
    // Standard input is /dev/null here, which no test of a descriptor tells from a terminal that is closed.
    writeFileSync(file, `process.on("exit", () => console.log(require("fs").fstatSync(0).isCharacterDevice()));`);
    const { stdout, stderr } = await run(realpeer("wait", "1", "-t", "1ms", "-q"), {
      env: { NODE_OPTIONS: `--require ${file}` },
    });
    expect({ stdout, stderr }).toEqual({ stdout: "true\n", stderr: "" });
  },
);
