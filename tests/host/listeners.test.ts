import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findListeners } from "../../src/host/listeners.ts";
import { find, IN_PATH, missing } from "../fixtures/find_program.ts";
import { because } from "../fixtures/lab.ts";
import { processesWith, until } from "../fixtures/processes.ts";
import { startServer } from "../fixtures/tcp_server.ts";

const noPython = missing(["python3", find("python3", IN_PATH)]);
const noProc = process.platform === "linux" ? undefined : "there is no /proc here";

describe.skipIf(noProc)(because("who listens on a port", noProc), () => {
  test("is this process, at the addresses that its socket takes", async () => {
    await using server = await startServer(() => {}, "127.0.0.1");
    const local = { hostname: "127.0.0.1", port: server.port };
    for (const addresses of [["127.0.0.1"], ["127.0.0.1", "::1"], ["0.0.0.0"], []]) {
      const [listener, ...others] = findListeners(server.port, addresses);
      expect([listener?.local, others]).toEqual([local, []]);
      expect(listener?.owners.map(({ pid }) => pid)).toEqual([process.pid]);
      expect(listener?.owners[0]?.command).toMatch(/\S/);
    }
    for (const addresses of [["::1"], ["127.0.0.2"]]) expect(findListeners(server.port, addresses)).toEqual([]);
  });

  test("a listener on every address takes IPv4 and IPv6", async () => {
    await using server = await startServer(() => {}, "::");
    for (const address of ["127.0.0.1", "::1", "192.0.2.1"]) {
      expect(findListeners(server.port, [address])).toHaveLength(1);
    }
  });

  test("may be several processes with one socket, the oldest first", async () => {
    const script = `const server = require("net").createServer().listen(0, "127.0.0.1", () => {
      console.log(server.address().port);
      require("child_process").spawn("sleep", ["30.25"], { stdio: ["ignore", "ignore", "ignore", server._handle] });
    });`;
    const child = spawn("node", ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const port = await new Promise<number>((resolve) => child.stdout.once("data", (text) => resolve(Number(text))));
      await until(() => findListeners(port, [])[0]?.owners.length === 2, "both have it");
      const [listener] = findListeners(port, ["127.0.0.1"]);
      const commands = listener?.owners.map(({ command }) => command);
      expect(commands).toEqual([expect.stringContaining(`node -e ${script}`), expect.stringContaining("sleep 30.25")]);
    } finally {
      child.kill("SIGKILL");
      for (const pid of processesWith("30.25")) process.kill(pid, "SIGKILL");
    }
  });

  test.skipIf(noPython)(
    because("is also a process whose main thread has ended while another runs", noPython),
    async () => {
      const lines = [
        "import ctypes, socket, threading, time",
        "server = socket.create_server(('127.0.0.1', 0))",
        "threading.Thread(target=lambda: time.sleep(60)).start()",
        "print(server.getsockname()[1], flush=True)",
        "ctypes.CDLL(None).pthread_exit(None)",
      ];
      const child = spawn("python3", ["-c", lines.join("\n")], { stdio: ["ignore", "pipe", "inherit"] });
      try {
        const port = await new Promise<number>((resolve) => child.stdout.once("data", (text) => resolve(Number(text))));
        await until(
          () => /^State:\s+Z/m.test(readFileSync(`/proc/${child.pid}/status`, "utf8")),
          "the main thread ends",
        );
        const [owner] = findListeners(port, ["127.0.0.1"])[0]?.owners ?? [];
        expect([owner?.pid, owner?.command]).toEqual([child.pid, expect.stringContaining("create_server")]);
      } finally {
        child.kill("SIGKILL");
      }
    },
  );

  test("is nobody where none does", () => expect(findListeners(1, [])).toEqual([]));
});
