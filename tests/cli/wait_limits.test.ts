import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { because, inLabWithNameServers, noMuteResolverLab, SILENT_NAME_SERVER } from "../fixtures/lab.ts";
import { startServer, unusedPort } from "../fixtures/tcp_server.ts";
import { runHere } from "./fake_system.ts";
import { realpeer, start } from "./realpeer.ts";

describe("the limits of realpeer wait", () => {
  test("--timeout 1ms is a time-out, however quick the refusal", async () => {
    const { code, stderr } = await runHere(["wait", `127.0.0.1:${await unusedPort()}`, "--timeout", "1ms"]);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("Timed out after 1 ms") });
  });

  test("--stable-for 600h waits, without a warning", async () => {
    await using server = await startServer((socket) => socket.resume());
    const waiting = start(realpeer("wait", String(server.port), "--stable-for", "600h"));
    await waiting.listensToSignals();
    await expect.poll(() => server.sockets.length, { timeout: 10_000 }).toBeGreaterThan(0);
    await sleep(300);
    waiting.kill("SIGTERM");
    expect(await waiting.finished).toMatchObject({ code: 143, stdout: "", stderr: "" });
  });

  for (const option of ["--stable-for", "--timeout", "--max-delay", "--attempt-timeout"]) {
    test(`${option} of 400 digits is an error of usage`, async () => {
      const { code, stderr } = await runHere(["wait", "1", option, `${"9".repeat(400)}s`]);
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("too long a time") });
    });
  }

  test.skipIf(noMuteResolverLab)(
    because("a silent name server delays neither the report nor the command", noMuteResolverLab),
    async () => {
      const command = realpeer("wait", "nosuch.example:80", "--timeout", "1s");
      const [file = "", ...args] = inLabWithNameServers([SILENT_NAME_SERVER], command);
      const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
      const started = performance.now();
      let said = NaN;
      child.stderr.once("data", () => said = performance.now() - started);
      // On Node the process itself ends when the system's resolver has given up.
      const code = await new Promise((resolve) => child.once("exit", resolve));
      expect(code).toBe(1);
      // resolv.conf(5): two tries of 5 s.
      expect(said).toBeLessThan(8000);
    },
  );
});
