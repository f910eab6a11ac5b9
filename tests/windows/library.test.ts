import { describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { SILENT_PORT, withOnlyPort } from "./ports.ts";
import { missing, runScript, RUNTIMES, runWindowsForJson } from "./wine.ts";

for (const runtime of RUNTIMES) {
  const reason = missing(runtime);
  describe.skipIf(reason)(because(`the package on ${runtime} for Windows`, reason), () => {
    const selfPort = 41_001 + 4 * RUNTIMES.indexOf(runtime);
    // Bun's own connect reports a refusal as a reset under Wine.
    const refused = expect.stringMatching(runtime === "bun" ? /ECONNRE/ : /ECONNREFUSED/);

    test("connects to real peers only, carries every byte, and has its fixtures", async () => {
      const command = runScript(runtime, "C:\\app\\library.mjs", [String(SILENT_PORT)]);
      expect(await runWindowsForJson(command)).toEqual({
        platform: "win32",
        transfer: [true, true],
        silent: "ConnectTimeoutError ETIMEDOUT",
        fixtures: { isSelf: true, isSamePort: true, refused },
        waiting: { isServer: true, selfConnects: 0 },
      });
    });

    test("rejects a self-connection", async () => {
      await withOnlyPort(selfPort, async () => {
        const command = runScript(runtime, "C:\\app\\self.mjs", [String(selfPort)]);
        // Under Wine what Bun.connect has reset is in TIME_WAIT, and dialing again finds no port.
        const error = expect.stringMatching(
          runtime === "bun" ? /^SelfConnectError|EADDRNOTAVAIL/ : /^SelfConnectError/,
        );
        expect(await runWindowsForJson(command)).toEqual({ portable: error, node: error });
      });
    });

    test("guards a program by register", async () => {
      const flag = runtime === "node" ? "--import" : "--preload";
      const register = runtime === "deno" ? "npm:@realpeer/tcp/register" : "@realpeer/tcp/register";
      const port = selfPort + 2;
      await withOnlyPort(port, async () => {
        const command = runScript(runtime, "C:\\app\\registered.mjs", [String(port)], [flag, register]);
        expect(await runWindowsForJson(command)).toEqual(["SelfConnectError ECONNREFUSED", "close"]);
      });
    });
  });
}
