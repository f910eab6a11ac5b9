import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { SILENT_PORT, withOnlyPort } from "./ports.ts";
import {
  folderOf,
  missing,
  onDrive,
  realpeerOn,
  runScript,
  RUNTIMES,
  runWindows,
  wineMajor,
  wineVersion,
} from "./wine.ts";

const HOSTILE = [
  "plain",
  "a b",
  "",
  'q"q',
  'a"b&calc c',
  '" & echo injected & "',
  "^",
  "a^b",
  "a&b",
  "a|b>c<d",
  "(x)",
  "!x!",
]
  .concat(["ü€ß日本", "x\\", "a b\\", 'x\\"y', "\\\\", "'", "~;,=", "*?", "--", "-q", "`x`", "$HOME"]);
const PERCENT = ["%PATH%", "100%", "50% of %x", "%1", "%*", "%%", "%CD:~,%"];

/** Nobody listens here, and no client is given it. */
const DEAD_PORT = 20_001;

function quietly(...args: string[]): string[] {
  return ["wait", "--quiet", ...args];
}

beforeAll(() => {
  // What npm writes into a folder of PATH, in short.
  const shim = '@ECHO off\r\n"C:\\node-folder\\node.exe" "C:\\app\\arguments.mjs" %*\r\n';
  writeFileSync(onDrive(folderOf("node"), "shim.cmd"), shim);
  writeFileSync(onDrive("app/seven.bat"), "@exit /b 7\r\n");
});

for (const runtime of RUNTIMES) {
  const reason = missing(runtime);
  describe.skipIf(reason)(because(`realpeer on ${runtime} for Windows`, reason), () => {
    const realpeer = (...args: string[]): ReturnType<typeof runWindows> => runWindows(realpeerOn(runtime, ...args));

    test("waits for a port that is open: 0", async () => {
      await using server = await startServer((socket) => socket.resume());
      const { code, stdout } = await realpeer("wait", "--json", `127.0.0.1:${server.port}`);
      expect({ code, ...JSON.parse(stdout).targets[0] }).toMatchObject({ code: 0, ready: true, attempts: 1 });
    });

    test("gives up on one that is dead: 1", async () => {
      const { code, stderr } = await realpeer("wait", "--timeout", "500ms", `127.0.0.1:${DEAD_PORT}`);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("Timed out after 500 ms") });
    });

    test("is not deceived by a port that connects to itself: 1", async () => {
      const port = 40_001 + 2 * RUNTIMES.indexOf(runtime);
      await withOnlyPort(port, async () => {
        const { code, stdout } = await realpeer("wait", "--json", "--timeout", "500ms", `127.0.0.1:${port}`);
        expect({ code, ...JSON.parse(stdout).targets[0] }).toMatchObject({ code: 1, ready: false });
        expect(JSON.parse(stdout).targets[0].selfConnects).toBeGreaterThan(0);
      });
    });

    test("gives up on one that is filtered: 1", async () => {
      const { code, stderr } = await realpeer("wait", "--timeout", "500ms", `127.0.0.1:${SILENT_PORT}`);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("no answer") });
    });

    test("says what is wrong with a usage, in UTF-8: 2", async () => {
      const { code, stderr } = await realpeer("wait", "münchen:höhe");
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("münchen:höhe") });
    });

    test("--free is 0 on a free port, 1 where a server listens on that address or on every address", async () => {
      const dead = await startServer(() => {});
      await dead[Symbol.asyncDispose]();
      expect(await realpeer(...quietly("--free", `127.0.0.1:${dead.port}`))).toMatchObject({ code: 0, stderr: "" });
      for (const address of ["127.0.0.1", "0.0.0.0"]) {
        await using server = await startServer(() => {}, address);
        const { code } = await realpeer(...quietly("--free", "-t", "300ms", `127.0.0.1:${server.port}`));
        expect([address, code]).toEqual([address, 1]);
      }
    });

    test("--while-pid gives up when that process is gone", async () => {
      const { code, stderr } = await realpeer("wait", "--while-pid", "999999", `127.0.0.1:${DEAD_PORT}`);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("999999 is gone") });
    });

    test("runs an .exe by its bare name, with hostile arguments, and passes its status on", async () => {
      await using server = await startServer((socket) => socket.resume());
      const command = ["node", "C:\\app\\arguments.mjs", "42", ...HOSTILE, ...PERCENT];
      const { code, stdout, stderr } = await realpeer(...quietly(`127.0.0.1:${server.port}`), "--", ...command);
      expect({ code, args: JSON.parse(stdout || "[]"), stderr }).toEqual({
        ...{ code: 42, args: ["42", ...HOSTILE, ...PERCENT], stderr: "" },
      });
    });

    test("runs a .cmd by its bare name, with hostile arguments", async () => {
      await using server = await startServer((socket) => socket.resume());
      const command = ["shim", ...HOSTILE];
      const { code, stdout, stderr } = await realpeer(...quietly(`127.0.0.1:${server.port}`), "--", ...command);
      expect({ code, args: JSON.parse(stdout || "[]"), stderr }).toEqual({ code: 0, args: HOSTILE, stderr: "" });
    });

    const percents = wineMajor < 10 ? `${wineVersion}'s cmd.exe expands what it has expanded again` : undefined;
    test.skipIf(percents)(because("gives a .cmd its percent signs as they are", percents), async () => {
      await using server = await startServer((socket) => socket.resume());
      const { stdout } = await realpeer(...quietly(`127.0.0.1:${server.port}`), "--", "shim", ...PERCENT);
      expect(JSON.parse(stdout || "[]")).toEqual(PERCENT);
    });

    test("refuses what a .cmd cannot be given, and passes the status of a .bat on", async () => {
      await using server = await startServer((socket) => socket.resume());
      const target = `127.0.0.1:${server.port}`;
      const broken = await realpeer(...quietly(target), "--", "shim", "two\nlines");
      expect([broken.stdout, broken.code === 0]).toEqual(["", false]);
      expect(await realpeer(...quietly(target), "--", ".\\seven.bat")).toMatchObject({ code: 7 });
    });

    test("says when there is no such program, or one that Windows does not run by itself", async () => {
      await using server = await startServer((socket) => socket.resume());
      const target = `127.0.0.1:${server.port}`;
      const absent = await realpeer(...quietly(target), "--", "no-such-program");
      expect(absent).toMatchObject({ code: 127, stderr: expect.stringContaining("there is no such program") });
      const script = await realpeer(...quietly(target), "--", ".\\arguments.mjs");
      expect(script).toMatchObject({ code: 126, stderr: expect.stringContaining("arguments.mjs") });
    });
  });
}

describe("what npm installs", () => {
  test("is run by its bare name: npm --version", async () => {
    await using server = await startServer((socket) => socket.resume());
    const command = realpeerOn("node", ...quietly(`127.0.0.1:${server.port}`), "--", "npm", "--version");
    expect(await runWindows(command)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+$/m) });
  });

  test("keeps to drive C:, where there is no /proc", async () => {
    expect(readdirSync(join(onDrive(), "app"))).toContain("arguments.mjs");
    const { stdout } = await runWindows(runScript("node", "C:\\starts.js", []));
    expect(stdout).toBe("42\n");
  });
});
