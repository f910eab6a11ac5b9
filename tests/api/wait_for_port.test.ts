import { setTimeout as sleep } from "node:timers/promises";
import { channel } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { connect, ConnectTimeoutError, waitForPort } from "../../mod.ts";
import { echo, startServer, unusedPort } from "../fixtures/tcp_server.ts";

describe("waitForPort()", () => {
  test("resolves with what it took, and closes the connection that proved it", async () => {
    await using server = await startServer((socket) => socket.resume().on("end", () => socket.end()));
    const result = await waitForPort({ hostname: "127.0.0.1", port: server.port });
    expect(result).toEqual({
      remote: { hostname: "127.0.0.1", port: server.port },
      attempts: 1,
      selfConnects: 0,
      elapsed: expect.any(Number),
    });
    await expect.poll(() => server.sockets[0]?.destroyed).toBe(true);
  });

  test("waits for a server that starts later, on whichever address of the name", async () => {
    const port = await unusedPort();
    const waiting = waitForPort({ hostname: "localhost", port });
    await sleep(200);
    await using server = await startServer(echo, "127.0.0.1", port);
    const { attempts, elapsed, remote } = await waiting;
    expect(remote).toEqual({ hostname: "127.0.0.1", port: server.port });
    expect(attempts).toBeGreaterThan(3);
    expect(elapsed).toBeGreaterThanOrEqual(200);
  });

  test("waits for a name that does not resolve yet, and says so in the end", async () => {
    const errors: unknown[] = [];
    const onRetry = ({ error }: { error: unknown }): void => void errors.push(error);
    const error = await waitForPort({ hostname: "nobody.invalid", port: 80, timeout: 500, onRetry }).catch((error) =>
      error
    );
    expect(error).toBeInstanceOf(ConnectTimeoutError);
    expect(errors.length).toBeGreaterThan(1);
    expect((error as Error).cause).toBe(errors.at(-1));
  });

  test("gives up after its timeout, with the last refusal as the cause", async () => {
    const port = await unusedPort();
    const error = await waitForPort({ hostname: "127.0.0.1", port, timeout: 200 }).catch((error) => error);
    expect(error).toBeInstanceOf(ConnectTimeoutError);
    expect(error).toMatchObject({ code: "ETIMEDOUT", address: "127.0.0.1", port, cause: { code: "ECONNREFUSED" } });
    expect(error.elapsed).toBeGreaterThanOrEqual(199);
  });

  test("waits once for each of many callers", async () => {
    const port = await unusedPort();
    const waiting = Array.from({ length: 50 }, () => waitForPort({ hostname: "127.0.0.1", port }));
    await sleep(100);
    await using server = await startServer(
      (socket) => socket.resume().on("end", () => socket.end()),
      "127.0.0.1",
      port,
    );
    expect((await Promise.all(waiting)).every(({ remote }) => remote.port === server.port)).toBe(true);
    await expect.poll(() => server.sockets.filter((socket) => !socket.destroyed).length).toBe(0);
  });
});

test("a rejected self-connection is published on the diagnostics channel realpeer:self-connect", async () => {
  const published: unknown[] = [];
  const listen = (message: unknown): void => void published.push(message);
  const selfConnections = channel("realpeer:self-connect");
  selfConnections.subscribe(listen);
  const port = await unusedPort();
  await expect(connect({ hostname: "127.0.0.1", port, localPort: port })).rejects.toMatchObject({
    name: "SelfConnectError",
  });
  selfConnections.unsubscribe(listen);
  const end = { hostname: "127.0.0.1", port };
  expect(published).toEqual([{ local: end, remote: end }]);
});
