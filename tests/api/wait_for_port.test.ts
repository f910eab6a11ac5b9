import { channel } from "node:diagnostics_channel";
import { expect, test } from "vitest";
import { connect, ConnectTimeoutError, waitForPort } from "../../mod.ts";
import { selfConnectAddress } from "../../src/host/loopback.ts";
import { NO_NAME } from "../fixtures/name_server.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";
import { describeWaiting } from "../fixtures/waiting.ts";

describeWaiting("waitForPort()");

test("waitForPort() waits for a name that does not resolve yet, and says so in the end", async () => {
  const errors: unknown[] = [];
  const onRetry = ({ error }: { error: unknown }): void => void errors.push(error);
  const error = await waitForPort({ hostname: NO_NAME, port: 80, timeout: 500, onRetry }).catch((error) => error);
  expect(error).toBeInstanceOf(ConnectTimeoutError);
  expect(errors.length).toBeGreaterThan(1);
  expect((error as Error).cause).toBe(errors.at(-1));
});

test("a rejected self-connection is published on the diagnostics channel realpeer:self-connect", async () => {
  const published: unknown[] = [];
  const listen = (message: unknown): void => void published.push(message);
  const selfConnections = channel("realpeer:self-connect");
  selfConnections.subscribe(listen);
  const port = await unusedPort();
  const hostname = selfConnectAddress();
  await expect(connect({ hostname, port, localPort: port })).rejects.toMatchObject({
    name: "SelfConnectError",
  });
  selfConnections.unsubscribe(listen);
  const end = { hostname, port };
  expect(published).toEqual([{ local: end, remote: end }]);
});
