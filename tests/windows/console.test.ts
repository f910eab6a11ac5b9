import { spawn, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { missing, onDrive, realpeerOn, runScript, RUNTIMES, wineCommand } from "./wine.ts";

const noTerminal = spawnSync("script", ["--version"]).status === 0
  ? undefined
  : "there is no script(1) to make a terminal";

interface OnConsole {
  readonly code: number | null;
  /** Everything that the console showed, without the sequences that move its cursor. */
  readonly text: string;
}

/** Runs a Windows program on a console, which Wine makes of a terminal; types Ctrl-C once the text is shown. */
function onConsole(command: readonly string[], typeAfter?: string): Promise<OnConsole> {
  const words = wineCommand(command).map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  // A shell that stays would get the Ctrl-C too, and its status would hide the program's.
  const line = `exec ${words.join(" ")}`;
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    cwd: onDrive("app"),
    env: { ...process.env, TERM: "xterm", COLUMNS: "200" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  let isTyped = false;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${command.join(" ")} did not end:\n${text}`));
    }, 60_000);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      // deno-lint-ignore no-control-regex -- the sequences that move the cursor
      text += chunk.replace(/\x1b\[[\d;?]*[A-Za-z]/g, "");
      if (isTyped || typeAfter === undefined || !text.includes(typeAfter)) return;
      isTyped = true;
      setTimeout(() => child.stdin.write("\x03"), 300);
    });
    child.on("error", reject).on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, text });
    });
  });
}

for (const runtime of RUNTIMES) {
  const reason = missing(runtime) ?? noTerminal;
  describe.skipIf(reason)(because(`a console of Windows, and ${runtime}`, reason), () => {
    test("sends Ctrl-C to COMMAND, once, and its status comes through", async () => {
      await using server = await startServer((socket) => socket.resume());
      const program = runScript("node", "C:\\app\\interrupted.mjs", []);
      const command = realpeerOn(runtime, "wait", "-q", `127.0.0.1:${server.port}`, "--", ...program);
      const { code, text } = await onConsole(command, "ready");
      expect({ code, text }).toEqual({ code: 7, text: expect.stringContaining("interrupted 1") });
    });

    test("does so also where standard input is no console", async () => {
      await using server = await startServer((socket) => socket.resume());
      const program = runScript("node", "C:\\app\\interrupted.mjs", []);
      const command = realpeerOn(runtime, "wait", "-q", `127.0.0.1:${server.port}`, "--", ...program);
      const { text } = await onConsole(runScript("node", "C:\\app\\without_stdin.mjs", command), "ready");
      expect(text).toContain("interrupted 1");
      expect(text).toContain("status 7");
    });

    test("ends a wait with Ctrl-C: 130", async () => {
      const { code } = await onConsole(realpeerOn(runtime, "wait", "127.0.0.1:20001"), "waiting");
      expect(code).toBe(130);
    });

    test("shows text as it is, whatever its code page", async () => {
      const { code, text } = await onConsole(realpeerOn(runtime, "wait", "münchen:höhe"));
      expect({ code, text }).toEqual({ code: 2, text: expect.stringContaining("münchen:höhe") });
    });
  });
}
