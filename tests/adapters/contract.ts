import process from "node:process";
import { setImmediate } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Adapter } from "../../src/core/attempt.ts";
import { dial } from "../../src/core/dial.ts";
import { SelfConnectError } from "../../src/core/errors.ts";
import { type ConnectOptions, resolveOptions } from "../../src/core/options.ts";
import { because } from "../fixtures/lab.ts";
import { noProc } from "../fixtures/system.ts";
import { startServer, unusedPort } from "../fixtures/tcp_server.ts";
import { busyLoop } from "../fixtures/busy_loop.ts";
import { selfConnectionsOnPort, socketsOnPort, TCP_ESTABLISHED } from "../programs/host_sockets.ts";

/** What an adapter can do that others cannot. */
export interface Abilities {
  /** Binds the client end, with which a self-connection can be had to order. */
  readonly canBind: boolean;
}

const LOOPBACK = "127.0.0.1";

/** Moments between the call and its answer: each runtime binds and connects in another turn of its event loop. */
const MOMENTS: Readonly<Record<string, () => Promise<unknown>>> = {
  "at once": () => Promise.resolve(),
  "on the next tick": () => new Promise<void>((resolve) => process.nextTick(resolve)),
  "two ticks later": () => new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve))),
  "after a poll": () => new Promise((resolve) => setImmediate(resolve)),
  "after a timer": () => sleep(0),
};

const FLOOD = new Uint8Array(1 << 18);

/** What every adapter has to do, on a real kernel, in this process. */
export function adapterContract<Socket>(adapter: Adapter<Socket>, { canBind }: Abilities): void {
  const call = (options: ConnectOptions): ReturnType<typeof dial<Socket>> => dial(adapter, resolveOptions(options));

  test("open() resolves with a socket whose two ends are known", async () => {
    await using server = await startServer(() => {});
    const socket = await adapter.open({ hostname: LOOPBACK, port: server.port }, false).opened;
    const pair = adapter.endpoints(socket);
    expect(pair?.remote).toEqual({ hostname: LOOPBACK, port: server.port });
    expect(pair?.local.hostname).toBe(LOOPBACK);
    adapter.close(socket);
    adapter.close(socket);
  });

  for (const mayAbandon of [false, true]) {
    test(`open() rejects with the runtime's own refusal (mayAbandon ${mayAbandon})`, async () => {
      const { opened } = adapter.open({ hostname: LOOPBACK, port: await unusedPort() }, mayAbandon);
      await expect(opened).rejects.toMatchObject({ code: "ECONNREFUSED" });
    });
  }

  test("endpoints() returns null or both ends once a socket is closed", async () => {
    await using server = await startServer(() => {});
    const socket = await adapter.open({ hostname: LOOPBACK, port: server.port }, true).opened;
    adapter.close(socket);
    await sleep(10);
    expect(adapter.endpoints(socket)?.remote.port ?? server.port).toBe(server.port);
  });

  test("watchPeer() tells of a peer that hangs up, and of none that does not", async () => {
    for (const hangsUp of [true, false]) {
      await using server = await startServer((socket) => hangsUp && setTimeout(() => socket.destroy(), 20));
      const connected = call({ hostname: LOOPBACK, port: server.port, stableFor: 100 });
      if (hangsUp) await expect(connected).rejects.toMatchObject({ code: "ECONNRESET" });
      else adapter.close((await connected).socket);
    }
  });

  test("watchPeer() reads ahead only so far, whatever the peer sends", async () => {
    let sent = 0;
    await using server = await startServer((socket) => {
      const flood = (): void => {
        do sent += FLOOD.length; while (!socket.destroyed && socket.write(FLOOD));
      };
      socket.on("drain", flood);
      flood();
    });
    const { socket } = await call({ hostname: LOOPBACK, port: server.port, stableFor: 300 });
    // What the kernel and the peer itself hold is much less; without a limit it would be several times as much.
    expect(sent).toBeLessThan(48 << 20);
    adapter.reset(socket);
  });

  test.runIf(canBind && !noProc)(
    because("a self-connection is reset, reported as such, and leaves nothing on its port", noProc),
    async () => {
      const port = await unusedPort();
      const own = { hostname: LOOPBACK, port, localAddress: LOOPBACK, localPort: port };
      for (let i = 0; i < 5; i++) {
        const error: unknown = await call(own).then(() => undefined, (reason) => reason);
        expect(error).toBeInstanceOf(SelfConnectError);
        expect(selfConnectionsOnPort(port)).toEqual([]);
      }
    },
  );

  for (const [moment, wait] of Object.entries(MOMENTS)) {
    test.runIf(canBind && !noProc)(
      because(`a self-connection that is given up ${moment} is reset too`, noProc),
      async () => {
        for (const busy of [0, 40]) {
          const port = await unusedPort();
          const controller = new AbortController();
          const own = { hostname: LOOPBACK, port, localAddress: LOOPBACK, localPort: port, signal: controller.signal };
          const failure = call(own).then(() => "connected", (error: unknown) => error);
          await wait();
          controller.abort("enough");
          busyLoop(busy);
          expect(await failure).toSatisfy((error) => error === "enough" || error instanceof SelfConnectError);
          await sleep(60);
          // A busy machine takes longer to reset it; a TIME-WAIT would stay for a minute.
          await expect.poll(() => selfConnectionsOnPort(port), { timeout: 5000 }).toEqual([]);
        }
      },
    );
  }

  test.skipIf(noProc)(because("a real peer that answers after the abort is closed", noProc), async () => {
    await using server = await startServer(() => {});
    for (let delay = 0; delay <= 3; delay += 0.5) {
      const controller = new AbortController();
      const connecting = call({ hostname: LOOPBACK, port: server.port, signal: controller.signal });
      connecting.catch(() => {});
      busyLoop(delay);
      controller.abort("enough");
      await expect(connecting).rejects.toBe("enough");
    }
    const established = (): string[] =>
      socketsOnPort(server.port, "remote").filter((row) => row.startsWith(TCP_ESTABLISHED));
    await expect.poll(established, { timeout: 2000 }).toEqual([]);
  });
}
