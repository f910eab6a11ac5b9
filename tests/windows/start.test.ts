import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { missing, realpeerOn, RUNTIMES, runWindows } from "./wine.ts";

/** How many programs of this Windows have the word among their arguments: Wine runs each as a process of this machine. */
function countWith(token: string): number {
  return readdirSync("/proc").filter((name) => {
    try {
      // The programs of this test that run others have it too, with their own names.
      const line = /^\d+$/.test(name) ? readFileSync(`/proc/${name}/cmdline`, "latin1") : "";
      return line.includes(token) && line.includes("tree.mjs") && !line.includes("main.js") && !line.startsWith("sh\0");
    } catch {
      return false;
    }
  }).length;
}

const noPowershell = process.env["REALPEER_WINDOWS_NO_POWERSHELL"];

for (const runtime of RUNTIMES) {
  const reason = missing(runtime) ?? noPowershell;
  describe.skipIf(reason)(because(`realpeer start on ${runtime} for Windows`, reason), () => {
    const port = 21_001 + RUNTIMES.indexOf(runtime);
    const target = `127.0.0.1:${port}`;

    test("runs COMMAND beside a server of three processes, ends with its status, and leaves none", async () => {
      const token = `token${port}a`;
      let most = 0;
      const timer = setInterval(() => most = Math.max(most, countWith(token)), 100);
      const server = `node C:\\app\\tree.mjs ${port} ${token}`;
      const command = ["node", "C:\\app\\arguments.mjs", "5"];
      const { code, stdout, stderr } = await runWindows(realpeerOn(runtime, "start", server, target, "--", ...command));
      clearInterval(timer);
      expect({ code, stdout, stderr }).toMatchObject({ code: 5, stdout: expect.stringContaining('["5"]') });
      // The shell, the server and its child; one that forks is there twice until the new one has its own arguments.
      expect(most).toBeGreaterThanOrEqual(3);
      expect(countWith(token)).toBe(0);
    });

    test("says when the server ends before it is ready, and with which status: 1", async () => {
      const token = `token${port}b`;
      const server = `node C:\\app\\tree.mjs ${port} ${token} dies`;
      const { code, stderr } = await runWindows(
        realpeerOn(runtime, "start", server, target, "--", "node", "--version"),
      );
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("status 3") });
      expect(countWith(token)).toBe(0);
    });

    test("starts nothing where somebody listens already: 1", async () => {
      await using stale = await startServer((socket) => socket.end(), "127.0.0.1", port);
      const token = `token${port}c`;
      const server = `node C:\\app\\tree.mjs ${stale.port} ${token}`;
      const { code, stdout } = await runWindows(
        realpeerOn(runtime, "start", server, target, "--", "node", "--version"),
      );
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    });
  });
}
