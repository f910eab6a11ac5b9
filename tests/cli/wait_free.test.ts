import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { because, inLab, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson } from "../fixtures/runtime.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import type { FreeAnswer } from "../programs/cli_free.ts";
import { runHere } from "./fake_system.ts";
import { realpeer, start } from "./realpeer.ts";

const FREE = { code: 0, error: null };

function taken(error: string): object {
  return { code: 1, error: expect.stringContaining(error) };
}

describe("realpeer wait --free", () => {
  test.skipIf(noLab)(because("tells what a server could bind, in a namespace of its own", noLab), async () => {
    const command = inLab(commandFor("tests/programs/cli_free.ts"));
    const { left, answers } = await runForJson<{ left: string[]; answers: Record<string, FreeAnswer> }>(command);
    expect(left).toEqual([expect.stringMatching(/^06 /)]);
    expect(answers).toEqual({
      "nobody": FREE,
      "an address of nobody": taken("192.0.2.1 is not an address of this machine"),
      "listener on 127.0.0.1, every address": taken("listens on it"),
      "listener on 127.0.0.1, 127.0.0.1": { code: 1, error: expect.stringMatching(/cli_free\.(?:ts|mjs) \(pid /) },
      "listener on 0.0.0.0, every address": taken("listens on it"),
      "listener on 0.0.0.0, 127.0.0.1": taken("listens on it"),
      "listener on ::1, every address": taken("listens on it"),
      "listener on ::1, 127.0.0.1": FREE,
      "listener on ::, every address": taken("listens on it"),
      "listener on ::, 127.0.0.1": taken("listens on it"),
      "live self-connection": taken("is connected to itself on it"),
      "live self-connection, other address": FREE,
      "after its reset": FREE,
      "TIME_WAIT": taken("a closed connection holds it in TIME_WAIT for another"),
      "TIME_WAIT, 127.0.0.1": taken("a closed connection holds it in TIME_WAIT for another"),
      "TIME_WAIT, other address": FREE,
    });
  });

  test("waits until a server has gone, then runs the command, which can bind", async () => {
    await using server = await startServer((socket) => socket.resume());
    const bind = `require("net").createServer().listen(${server.port}, "127.0.0.1", () => process.exit(7))`;
    const target = `127.0.0.1:${server.port}`;
    const started = start(realpeer("wait", "--free", target, "--", "node", "-e", bind));
    setTimeout(() => server.server.close(), 1000);
    const { code, stderr } = await started.finished;
    expect([code, stderr]).toEqual([7, expect.stringMatching(/^127\.0\.0\.1:\d+ is free after /)]);
  });

  test("a name below localhost, which not every system knows, is loopback", async () => {
    const server = await startServer(() => {});
    const args = ["wait", "--free", `app.localhost:${server.port}`, "-t"];
    expect((await runHere([...args, "100ms"])).stderr).toMatch(/listens on it|has bound it/);
    await server[Symbol.asyncDispose]();
    expect((await runHere([...args, "20s"])).code).toBe(0);
  });

  test("with --stable-for counts only while nobody takes the port", async () => {
    await using gone = await startServer(() => {});
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    const waiting = runHere(["wait", "--free", "--stable-for", "1s", "-t", "2s", `127.0.0.1:${port}`]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await using _server = await startServer(() => {}, "127.0.0.1", port);
    const { code, stderr } = await waiting;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/listens on it|has bound it/)]);
  });

  test("leaves the port to the next one", async () => {
    await using server = await startServer(() => {});
    const { port } = server;
    await new Promise((resolve) => server.server.close(resolve));
    expect(await runHere(["wait", "--free", "-q", `127.0.0.1:${port}`])).toMatchObject({ code: 0, stderr: "" });
    const next = createServer();
    await new Promise<void>((resolve, reject) => next.on("error", reject).listen(port, "127.0.0.1", resolve));
    await new Promise((resolve) => next.close(resolve));
  });
});
