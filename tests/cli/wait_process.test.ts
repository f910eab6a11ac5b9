import { describe, expect, test } from "vitest";
import type { TargetReport } from "../../src/cli/wait_target.ts";
import {
  because,
  inLab,
  inMuteResolverLab,
  inSilentLab,
  LAB_PORT,
  noLab,
  noMuteResolverLab,
  noSilentLab,
} from "../fixtures/lab.ts";
import { run } from "../fixtures/runtime.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { realpeer, runRealpeer } from "./realpeer.ts";

describe("realpeer wait, as a process,", () => {
  test("writes its one document to standard output and nothing to standard error", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { code, stdout, stderr } = await runRealpeer(["wait", "--json", `127.0.0.1:${server.port}`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ ready: true, targets: [{ attempts: 1 }] });
  });

  test("writes its message to standard error and nothing to standard output", async () => {
    await using server = await startServer((socket) => socket.resume());
    const { code, stdout, stderr } = await runRealpeer(["wait", String(server.port)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/^\d+ is ready after \d+ ms \(127\.0\.0\.1\)\n$/);
  });

  test("takes many targets without a warning", async () => {
    await using server = await startServer((socket) => socket.resume());
    const targets = Array.from({ length: 30 }, (_, i) => `127.0.0.${i + 1}:${server.port}`);
    const { code, stderr } = await runRealpeer(["wait", "-t", "700ms", ...targets]);
    expect([code, stderr.trimEnd().split("\n").length]).toEqual([1, 1]);
  });

  test.skipIf(noSilentLab)(because("--timeout is total, whatever an attempt takes", noSilentLab), async () => {
    const args = ["wait", "--json", "-t", "500ms", "--attempt-timeout", "0", `127.0.0.1:${LAB_PORT}`];
    const { code, stdout } = await run(inSilentLab(LAB_PORT, realpeer(...args)), { limit: 20_000 });
    expect([code, JSON.parse(stdout).targets[0].error]).toEqual([1, "no answer"]);
  });

  test.skipIf(noMuteResolverLab)(
    because("ends in time although a name is still being looked up", noMuteResolverLab),
    async () => {
      const started = performance.now();
      const args = ["wait", "--json", "-t", "500ms", "some.name.test:80"];
      const { code } = await run(inMuteResolverLab(realpeer(...args)), { limit: 20_000 });
      expect(code).toBe(1);
      expect(performance.now() - started).toBeLessThan(10_000);
    },
  );

  test.skipIf(noLab)(because("never reports a connection to itself", noLab), async () => {
    const args = ["wait", "--json", "-t", "2s", `127.0.0.1:${LAB_PORT}`, String(LAB_PORT), `[::1]:${LAB_PORT}`];
    const { code, stdout } = await run(inLab(realpeer(...args)));
    const { ready, targets }: { ready: boolean; targets: TargetReport[] } = JSON.parse(stdout);
    expect([code, ready]).toEqual([1, false]);
    expect(targets.map(({ ready }) => ready)).toEqual([false, false, false]);
    expect(targets.reduce((sum, { selfConnects }) => sum + selfConnects, 0)).toBeGreaterThan(10);
  });
});
