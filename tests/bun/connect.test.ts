import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { connect } from "../../src/adapters/bun.ts";
import { recorder } from "../fixtures/bun_recorder.ts";
import { makeCertificate } from "../fixtures/certificate.ts";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson } from "../fixtures/runtime.ts";
import { echo, startServer, unusedPort } from "../fixtures/tcp_server.ts";

describe("bun connect()", () => {
  for (const stableFor of [0, 50]) {
    const length = stableFor > 0 ? 1 << 19 : 1 << 20;
    test(`loses no byte of a server that sends ${length} bytes at once (stableFor ${stableFor})`, async () => {
      const sent = Uint8Array.from({ length }, (_, index) => index % 251);
      await using server = await startServer((socket) => socket.end(sent));
      for (let round = 0; round < 20; round++) {
        const chunks: Uint8Array[] = [];
        const closed = Promise.withResolvers<void>();
        const heard: string[] = [];
        await connect<string>({
          hostname: "127.0.0.1",
          port: server.port,
          stableFor: round < 2 ? stableFor : 0,
          socket: {
            open: () => void heard.push("open"),
            data: (_, chunk) => {
              if (chunks.length === 0) heard.push("data");
              chunks.push(chunk);
            },
            close: () => closed.resolve(),
          },
        }).catch(() => closed.resolve());
        await closed.promise;
        // With stableFor a peer that sends and hangs up does not count.
        if (stableFor > 0 && round < 2) expect(heard).toEqual([]);
        else {
          expect(heard).toEqual(["open", "data"]);
          expect(Buffer.compare(Buffer.concat(chunks), sent)).toBe(0);
        }
      }
    });
  }

  test("replays what came during stableFor in its order, every byte of it", async () => {
    await using server = await startServer((socket) => {
      socket.write(Buffer.alloc(1 << 20));
      setTimeout(() => socket.write(Buffer.alloc(1 << 20)), 30);
      setTimeout(() => socket.end(), 200);
    });
    const { heard, bytes, socket } = recorder();
    await connect({ hostname: "127.0.0.1", port: server.port, stableFor: 100, socket, data: "mine" });
    await expect.poll(() => heard.at(-1)).toBe("close");
    expect(heard.filter((event) => event !== "end")).toEqual(["open mine", "data", "close"]);
    expect(bytes()).toBe(2 << 20);
  });

  type Hear = (event: string) => void;
  /** Handlers that do something to their socket, and what they hear of a server that sends "early", then "late", and ends. */
  const acting: Readonly<Record<string, readonly [(hear: Hear) => Bun.SocketHandler<undefined>, string[]]>> = {
    "pause it in open": [(hear) => ({
      open(socket) {
        socket.pause();
        setTimeout(() => {
          hear("resume");
          socket.resume();
        }, 50);
      },
      data: (_, chunk) => hear(`data ${chunk}`),
      close: () => hear("close"),
    }), ["resume", "data early", "data late", "close"]],
    "pause it at each chunk": [(hear) => ({
      data(socket, chunk) {
        hear(`data ${chunk}`);
        socket.pause();
        setTimeout(() => {
          hear("resume");
          socket.resume();
        }, 20);
      },
      close: () => hear("close"),
    }), ["data early", "resume", "data late", "resume", "close"]],
    "reload it in open": [(hear) => ({
      open: (socket) =>
        socket.reload({ socket: { data: (_, chunk) => hear(`new data ${chunk}`), close: () => hear("new close") } }),
      data: () => hear("data"),
      close: () => hear("close"),
    }), ["new data early", "new data late", "new close"]],
    "end it in open": [(hear) => ({
      open: (socket) => void socket.end(),
      data: () => hear("data"),
      close: () => hear("close"),
    }), ["close"]],
    "terminate it at the first chunk": [(hear) => ({
      data(socket, chunk) {
        hear(`data ${chunk}`);
        socket.terminate();
      },
      close: () => hear("close"),
    }), ["data early", "close"]],
  };
  for (const [what, [handlers, expected]] of Object.entries(acting)) {
    for (const stableFor of [0, 50]) {
      test(`handlers may ${what} (stableFor ${stableFor})`, async () => {
        await using server = await startServer((socket) => {
          socket.write("early");
          setTimeout(() => socket.end("late"), 200);
        });
        const heard: string[] = [];
        const socket = handlers((event) => heard.push(event));
        await connect({ hostname: "127.0.0.1", port: server.port, stableFor, socket });
        await sleep(300);
        expect(heard).toEqual(expected);
      });
    }
  }

  test("may be closed by its caller while its handlers have paused it", async () => {
    await using server = await startServer((socket) => void socket.write("early"));
    const heard: string[] = [];
    const socket = await connect({
      hostname: "127.0.0.1",
      port: server.port,
      stableFor: 50,
      socket: {
        open: (socket) => void socket.pause(),
        data: () => void heard.push("data"),
        close: () => void heard.push("close"),
      },
    });
    socket.terminate();
    await sleep(20);
    expect(heard).toEqual(["close"]);
  });

  for (const stableFor of [0, 50]) {
    test(`what the peer sent before its reset reaches handlers that have paused (stableFor ${stableFor})`, async () => {
      await using server = await startServer((socket) => {
        socket.write("early");
        setTimeout(() => socket.resetAndDestroy(), 150);
      });
      const heard: string[] = [];
      await connect({
        hostname: "127.0.0.1",
        port: server.port,
        stableFor,
        socket: {
          open: (socket) => void socket.pause(),
          data: (_, chunk) => void heard.push(`data ${chunk}`),
          close: () => void heard.push("close"),
        },
      });
      await sleep(200);
      expect(heard).toEqual(["data early", "close"]);
    });
  }

  for (const name of ["open", "connectError"]) {
    test(`tells which handler is no function: ${name}`, async () => {
      const connecting = connect({ port: await unusedPort(), socket: { data() {}, [name]: 5 } });
      await expect(connecting).rejects.toThrow(`Cannot connect: socket.${name} must be a function, got 5`);
    });
  }

  for (const binaryType of ["buffer", "uint8array", "arraybuffer"] as const) {
    test(`gives ${binaryType} to handlers that ask for it, before and after the hand-over`, async () => {
      await using server = await startServer((socket) => {
        socket.write("early");
        setTimeout(() => socket.end("late"), 100);
      });
      const chunks: [string, string][] = [];
      await connect({
        hostname: "127.0.0.1",
        port: server.port,
        stableFor: 50,
        socket: {
          binaryType,
          data: (_, chunk) => void chunks.push([chunk.constructor.name, Buffer.from(chunk).toString()]),
        },
      });
      const name = { buffer: "Buffer", uint8array: "Uint8Array", arraybuffer: "ArrayBuffer" }[binaryType];
      await expect.poll(() => chunks).toEqual([[name, "early"], [name, "late"]]);
    });
  }

  test("returns a socket that works like Bun's own", async () => {
    await using server = await startServer(echo);
    const { heard, bytes, socket: handlers } = recorder();
    const socket = await connect({ hostname: "127.0.0.1", port: server.port, socket: handlers, data: "mine" });
    expect(socket.data).toBe("mine");
    expect(socket.remotePort).toBe(server.port);
    socket.write("hello");
    await expect.poll(bytes).toBe(5);
    socket.end();
    await expect.poll(() => heard.at(-1)).toBe("close");
    expect(heard.filter((event) => event !== "end")).toEqual(["open mine", "data", "close"]);
  });

  test("tells connectError once, when connecting has failed for good", async () => {
    const port = await unusedPort();
    const { heard, socket } = recorder();
    const retry = { maxAttempts: 3, initialDelay: 1 };
    await expect(connect({ hostname: "127.0.0.1", port, retry, socket, data: "mine" })).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    expect(heard).toEqual(["connectError mine ECONNREFUSED"]);
  });

  test("tells connectError of a peer that hung up during stableFor, with the caller's data", async () => {
    await using server = await startServer((socket) => void setTimeout(() => socket.end(), 20));
    const { heard, socket } = recorder();
    const options = { hostname: "127.0.0.1", port: server.port, stableFor: 200, socket, data: "mine" };
    await expect(connect(options)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(heard).toEqual(["connectError mine ECONNRESET"]);
  });

  test("hands an error thrown by the open handler to the error handler, as Bun does", async () => {
    await using server = await startServer(echo);
    const { heard, socket } = recorder();
    const open = (): never => {
      throw new Error("thrown");
    };
    const { readyState } = await connect({ hostname: "127.0.0.1", port: server.port, socket: { ...socket, open } });
    expect(readyState).toBeLessThanOrEqual(0);
    await expect.poll(() => heard).toEqual(["error thrown", "close"]);
  });

  for (const how of ["guarded", "stable"]) {
    test(`takes a class instance for handlers, and has their failures end as Bun does (${how})`, async () => {
      const outcomes = (how: string): Promise<Record<string, string[]>> =>
        runForJson(commandFor("tests/programs/bun_failing_handlers.ts", [how]));
      const bare = await outcomes("bare");
      expect(Object.keys(bare)).toHaveLength(13);
      expect(new Set(Object.values(bare).map(String)).size, "outcomes that differ").toBeGreaterThan(6);
      expect(await outcomes(how)).toEqual(bare);
    });
  }

  test("needs a handler that hears data", async () => {
    for (const socket of [undefined, null, {}, { open() {} }]) {
      await expect(connect({ port: 1, socket } as never)).rejects.toThrow(TypeError);
      await expect(connect({ port: 1, socket } as never)).rejects.toThrow(/^Cannot connect: socket must have/);
    }
    const port = await unusedPort();
    const connecting = connect({ hostname: "127.0.0.1", port, socket: { drain() {} } });
    await expect(connecting).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("binds the client end it was given", async () => {
    await using server = await startServer(echo);
    for (const localAddress of ["127.0.0.1", undefined]) {
      const localPort = await unusedPort();
      const socket = await connect({
        hostname: "127.0.0.1",
        port: server.port,
        localAddress,
        localPort,
        socket: { data() {} },
      });
      expect(socket.localPort).toBe(localPort);
      socket.terminate();
    }
    const byName = connect({ hostname: "localhost", port: server.port, localPort: 50001, socket: { data() {} } });
    await expect(byName).rejects.toThrow("Cannot connect: Bun.connect ignores localPort without localAddress");
  });

  test.skipIf(noLab)(because("keeps rejected self-connections from the handlers", noLab), async () => {
    const command = inLab(commandFor("tests/programs/bun_handlers.ts", [String(LAB_PORT)]));
    expect(await runForJson(command)).toEqual({
      rejected: { heard: ["connectError mine ECONNREFUSED"], name: "SelfConnectError" },
      retried: { heard: ["open mine", "data"], bytes: 1 << 20 },
    });
    await sleep(0);
  });
});

describe("bun connect() over TLS calls the handlers in the order of Bun.connect", () => {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-bun-tls-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const { cert, key } = makeCertificate(folder);

  for (const asks of [true, false]) {
    for (const stableFor of [0, 60]) {
      test(`with ${asks ? "a" : "no"} handler of handshake, stableFor ${stableFor}`, async () => {
        const server = tls.createServer({ key, cert }, (socket) => void socket.on("error", () => {}).write("hello"));
        await once(server.listen(0, "127.0.0.1"), "listening");
        const { port } = server.address() as AddressInfo;
        const heardOf = async (dial: typeof Bun.connect): Promise<string[]> => {
          const { heard, socket } = recorder();
          const handshake = (_: unknown, isAuthorized: boolean): void => void heard.push(`handshake ${isAuthorized}`);
          const options = {
            ...{ hostname: "127.0.0.1", port, data: "mine", tls: { ca: cert, serverName: "localhost" } },
            socket: asks ? { ...socket, handshake } : socket,
          };
          const connected = await dial<string>(options);
          await expect.poll(() => heard).toContain("data");
          connected.end();
          await expect.poll(() => heard.at(-1)).toBe("close");
          return heard.filter((event) => event !== "end");
        };
        const bare = await heardOf(Bun.connect);
        expect(bare).toEqual(["open mine", ...asks ? ["handshake true"] : [], "data", "close"]);
        expect(await heardOf(((options) => connect({ ...options, stableFor } as never)) as typeof Bun.connect)).toEqual(
          bare,
        );
        server.close();
      });
    }
  }

  test("leaves a connection whose open handler throws after the handshake closed, with no more events", async () => {
    const server = tls.createServer({ key, cert }, (socket) => void socket.on("error", () => {}).write("hello"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    for (const stableFor of [0, 60]) {
      const { heard, socket } = recorder();
      const open = (): never => {
        throw new Error("thrown");
      };
      const options = { hostname: "127.0.0.1", port, tls: { ca: cert, serverName: "localhost" } };
      await connect({ ...options, stableFor, socket: { ...socket, open }, data: "mine" });
      await expect.poll(() => heard.at(-1)).toBe("close");
      expect(heard).toEqual(["error thrown", "close"]);
    }
    server.close();
  });
});
