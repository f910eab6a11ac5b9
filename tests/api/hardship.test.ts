import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { connect } from "../../mod.ts";
import { commandFor, runForJson, runtime } from "../fixtures/runtime.ts";
import { startServer, unusedPort } from "../fixtures/tcp_server.ts";

const KINDS = runtime === "node" ? ["portable"] : ["portable", "node", runtime];

describe("time that has passed proves nothing", () => {
  for (const kind of KINDS) {
    test(`${kind} connect() with stableFor does not believe a peer that hung up while the process was stopped`, async () => {
      await using server = await startServer((socket) => setTimeout(() => socket.destroy(), 500));
      const [file = "", ...args] = commandFor("tests/programs/stopped_peer.ts", [kind, String(server.port)]);
      const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
      const ended = once(child, "close");
      await expect.poll(() => server.sockets.length, { timeout: 20_000 }).toBe(1);
      // By its id: Deno's child.kill() sends no second signal.
      process.kill(child.pid!, "SIGSTOP");
      await sleep(2000);
      process.kill(child.pid!, "SIGCONT");
      await ended;
      expect(output).toBe("connecting\nECONNRESET\n");
    });
  }
});

describe("a process without a free descriptor", () => {
  for (const kind of KINDS) {
    test(`${kind} connect() goes on once there is one`, async () => {
      await using server = await startServer(() => {});
      const program = commandFor("tests/programs/out_of_descriptors.ts", [kind, String(server.port)]);
      const command = ["sh", "-c", 'ulimit -n 80; exec "$@"', "sh", ...program];
      const { failures } = await runForJson<{ failures: boolean }>(command);
      expect(failures).toBe(true);
    });
  }
});

test("any number of waits with one signal print no warning", async () => {
  const warnings: unknown[] = [];
  const onWarning = (warning: unknown): void => void warnings.push(warning);
  process.on("warning", onWarning);
  const controller = new AbortController();
  const options = { hostname: "127.0.0.1", port: await unusedPort(), retry: true, signal: controller.signal };
  const connecting = Array.from({ length: 20 }, () => connect(options).catch((error: unknown) => error));
  await sleep(50);
  controller.abort("enough");
  expect(new Set(await Promise.all(connecting))).toEqual(new Set(["enough"]));
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});

describe("a signal of another making", () => {
  test("needs no more than `aborted`, `reason` and addEventListener", async () => {
    const listeners: (() => void)[] = [];
    const signal = {
      aborted: false,
      reason: undefined as unknown,
      addEventListener: (_type: string, listener: () => void) => void listeners.push(listener),
    };
    const options = { hostname: "127.0.0.1", port: await unusedPort(), retry: true, signal: signal as AbortSignal };
    const connecting = connect(options);
    connecting.catch(() => {});
    await sleep(50);
    Object.assign(signal, { aborted: true, reason: "enough" });
    for (const listener of listeners) listener();
    await expect(connecting).rejects.toBe("enough");
    await expect(connect(options)).rejects.toBe("enough");
  });
});
