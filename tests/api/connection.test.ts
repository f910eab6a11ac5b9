import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { connect, type Connection, type ConnectOptions } from "../../mod.ts";
import { runtime } from "../fixtures/runtime.ts";
import { echo, startServer, unusedPort } from "../fixtures/tcp_server.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function readAll(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  // Uint8Array.from() takes half a second for 16 MiB.
  for (let index = 0; index < length; index++) bytes[index] = index * 31 + (index >> 8);
  return bytes;
}

/** Which options make the portable API use which of its adapters on this runtime. */
const ways: Record<string, Partial<ConnectOptions>> = {
  "with the runtime's own connect": {},
  "with a limit": { timeout: 20_000 },
  "with a bound client end": { localAddress: "127.0.0.1" },
};

for (const [way, extra] of Object.entries(ways)) {
  describe(`a connection made ${way}`, () => {
    const open = (port: number): Promise<Connection> => connect({ hostname: "127.0.0.1", port, ...extra });

    test("knows both its ends", async () => {
      await using server = await startServer(echo);
      await using connection = await open(server.port);
      expect(connection.remote).toEqual({ hostname: "127.0.0.1", port: server.port });
      await expect.poll(() => server.sockets.length).toBe(1);
      expect(connection.local).toEqual({ hostname: "127.0.0.1", port: server.sockets[0]!.remotePort });
    });

    test("carries 16 MiB both ways at once, unchanged", async () => {
      await using server = await startServer(echo);
      await using connection = await open(server.port);
      const sent = pattern(1 << 24);
      const received = readAll(connection.readable);
      const writer = connection.writable.getWriter();
      for (let at = 0; at < sent.length; at += 100_000) await writer.write(sent.subarray(at, at + 100_000));
      await writer.close();
      expect(Buffer.compare(await received, sent)).toBe(0);
      await connection.closed;
    });

    test("carries one chunk of 16 MiB to a server that reads it late", async () => {
      const sent = pattern(1 << 24);
      let length = 0;
      await using server = await startServer((socket) => {
        socket.pause();
        setTimeout(() => socket.on("data", (chunk) => length += chunk.length).resume(), 100);
      });
      await using connection = await open(server.port);
      const writer = connection.writable.getWriter();
      await writer.write(sent);
      await connection.close();
      await expect.poll(() => length).toBe(sent.length);
    });

    test("makes a writer wait for a peer that does not read", async () => {
      await using server = await startServer((socket) => socket.pause());
      await using connection = await open(server.port);
      const writer = connection.writable.getWriter();
      let written = 0;
      const writing = (async () => {
        for (; written < 1 << 26; written += 1 << 20) await writer.write(new Uint8Array(1 << 20));
      })().catch(() => "stopped");
      await sleep(300);
      expect(written).toBeLessThan(1 << 25);
      connection.reset();
      await expect(Promise.race([writing, sleep(2000, "still writing")])).resolves.toBe("stopped");
    });

    test("makes the peer wait for a reader that does not read", async () => {
      await using server = await startServer((socket) => {
        const flood = (): void => {
          while (!socket.destroyed && socket.write(new Uint8Array(1 << 16)));
        };
        socket.on("drain", flood);
        flood();
      });
      await using connection = await open(server.port);
      const reader = connection.readable.getReader();
      await reader.read();
      await sleep(300);
      const before = server.sockets[0]!.bytesWritten;
      await sleep(200);
      expect(server.sockets[0]!.bytesWritten).toBe(before);
      connection.reset();
    });

    test("sends FIN when its writable is closed, and reads on", async () => {
      await using server = await startServer((socket) => {
        socket.resume().on("end", () => setTimeout(() => socket.end("late answer"), 50));
      });
      await using connection = await open(server.port);
      await connection.writable.close();
      expect(Buffer.from(await readAll(connection.readable)).toString()).toBe("late answer");
      await connection.closed;
    });

    test("ends and closes when the peer ends", async () => {
      await using server = await startServer((socket) => socket.end("bye"));
      const connection = await open(server.port);
      expect(Buffer.from(await readAll(connection.readable)).toString()).toBe("bye");
      await connection.closed;
      await expect(connection.writable.getWriter().write(bytes("too late"))).rejects.toThrow();
      await expect.poll(() => server.sockets[0]!.readableEnded || server.sockets[0]!.destroyed).toBe(false);
    });

    test("errors when the peer resets it", async () => {
      await using server = await startServer((socket) => void setTimeout(() => socket.resetAndDestroy(), 50));
      const connection = await open(server.port);
      await expect(readAll(connection.readable)).rejects.toThrow();
      await expect(connection.closed).rejects.toThrow();
      await connection.close();
    });

    test("closes after what was written", async () => {
      let received = "";
      await using server = await startServer((socket) => {
        socket.setEncoding("utf8").on("data", (text: string) => received += text).on("end", () => socket.end());
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const writes = [writer.write(bytes("one ")), writer.write(bytes("two"))];
      await Promise.all(writes);
      await connection.close();
      await connection.close();
      await connection.closed;
      await expect.poll(() => received).toBe("one two");
      await expect.poll(() => server.sockets[0]!.destroyed).toBe(true);
    });

    test("is closed at the end of its scope", async () => {
      await using server = await startServer((socket) => socket.resume().on("end", () => socket.end()));
      {
        await using connection = await open(server.port);
        expect(connection.remote.port).toBe(server.port);
      }
      await expect.poll(() => server.sockets[0]?.destroyed).toBe(true);
    });

    test("is dropped at once by reset()", async () => {
      const ends: string[] = [];
      await using server = await startServer((socket) => {
        socket.resume().on("error", (error: NodeJS.ErrnoException) => ends.push(error.code!)).on(
          "end",
          () => ends.push("end"),
        );
      });
      const connection = await open(server.port);
      await expect.poll(() => server.sockets.length).toBe(1);
      connection.reset();
      connection.reset();
      await connection.closed;
      await connection.close();
      // Deno.TcpConn cannot send a reset.
      const isDenoConn = runtime === "deno" && !(connection.native instanceof Socket);
      await expect.poll(() => ends).toEqual([isDenoConn ? "end" : "ECONNRESET"]);
    });

    test("takes only bytes", async () => {
      await using server = await startServer(echo);
      const connection = await open(server.port);
      await expect(connection.writable.getWriter().write("text" as never)).rejects.toThrow(TypeError);
      await connection.close();
    });

    test("is closed when its readable is cancelled", async () => {
      await using server = await startServer((socket) => socket.resume().on("end", () => socket.end()));
      const connection = await open(server.port);
      await connection.readable.cancel();
      await connection.closed;
      await expect.poll(() => server.sockets[0]?.destroyed).toBe(true);
    });

    test("is not touched by an abort after connect", async () => {
      await using server = await startServer(echo);
      const controller = new AbortController();
      await using connection = await connect({
        hostname: "127.0.0.1",
        port: server.port,
        ...extra,
        signal: controller.signal,
      });
      controller.abort();
      const writer = connection.writable.getWriter();
      await writer.write(bytes("still here"));
      const { value } = await connection.readable.getReader().read();
      expect(Buffer.from(value!).toString()).toBe("still here");
    });
  });

  describe(`stableFor ${way}`, () => {
    const LONG_ENOUGH_MS = 100;
    const open = (port: number, more: Partial<ConnectOptions> = {}): Promise<Connection> =>
      connect({ hostname: "127.0.0.1", port, stableFor: LONG_ENOUGH_MS, ...extra, ...more });

    test("does not count a peer that hangs up after 20 ms", async () => {
      await using server = await startServer((socket) => void setTimeout(() => socket.end(), 20));
      await expect(open(server.port)).rejects.toMatchObject({ code: "ECONNRESET", port: server.port });
      await expect.poll(() => server.sockets.every((socket) => socket.destroyed)).toBe(true);
    });

    test("does not count a peer that sends something, then hangs up", async () => {
      await using server = await startServer((socket) => {
        socket.write("no backend\n");
        setTimeout(() => socket.end(), 20);
      });
      await expect(open(server.port)).rejects.toMatchObject({ code: "ECONNRESET" });
    });

    test("does not count a peer that resets", async () => {
      await using server = await startServer((socket) => void setTimeout(() => socket.resetAndDestroy(), 20));
      await expect(open(server.port)).rejects.toMatchObject({ code: "ECONNRESET" });
    });

    test("with retry goes on until the peer keeps the connection", async () => {
      let connections = 0;
      await using server = await startServer((socket) => {
        if (++connections <= 3) setTimeout(() => socket.end(), 20);
        else socket.end("real");
      });
      server.server.removeAllListeners("connection");
      server.server.on("connection", (socket) => {
        socket.on("error", () => {});
        if (++connections <= 3) setTimeout(() => socket.end(), 20);
        else socket.write("real"), setTimeout(() => socket.end(), 400);
      });
      const connection = await open(server.port, { retry: true });
      expect(connections).toBe(4);
      expect(Buffer.from(await readAll(connection.readable)).toString()).toBe("real");
    });

    test("loses nothing of what arrives meanwhile", async () => {
      const sent = pattern(3 << 20);
      await using server = await startServer((socket) => {
        socket.write(sent.subarray(0, 100));
        setTimeout(() => socket.write(sent.subarray(100)), 30);
      });
      const connection = await open(server.port);
      server.sockets[0]!.end();
      expect(Buffer.compare(await readAll(connection.readable), sent)).toBe(0);
    });

    test("loses nothing of what arrives long before anybody reads", async () => {
      await using server = await startServer((socket) => void socket.write("first "));
      const connection = await open(server.port);
      server.sockets[0]!.end("second");
      await sleep(200);
      expect(Buffer.from(await readAll(connection.readable)).toString()).toBe("first second");
    });

    test("can be aborted", async () => {
      await using server = await startServer((socket) => socket.resume());
      const controller = new AbortController();
      setTimeout(() => controller.abort("enough"), 50);
      await expect(open(server.port, { stableFor: 10_000, signal: controller.signal })).rejects.toBe("enough");
      await expect.poll(() => server.sockets.every((socket) => socket.readableEnded || socket.destroyed)).toBe(true);
    });
  });
}

describe("connect()", () => {
  test("rejects with the runtime's own error where nobody listens", async () => {
    const port = await unusedPort();
    for (const extra of Object.values(ways)) {
      const error = await connect({ hostname: "127.0.0.1", port, ...extra }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ code: "ECONNREFUSED" });
      expect((error as Error).constructor.name).not.toBe("SelfConnectError");
    }
  });

  test("binds the client end it was given", async () => {
    await using server = await startServer(echo);
    const localPort = await unusedPort();
    await using connection = await connect({
      hostname: "127.0.0.1",
      port: server.port,
      localAddress: "127.0.0.1",
      localPort,
    });
    expect(connection.local).toEqual({ hostname: "127.0.0.1", port: localPort });
  });

  const bound: readonly [hostname: string, localAddress: string, local: string][] = [
    ["127.0.0.1", "::ffff:7f00:2", "127.0.0.2"],
    ["::ffff:7f00:1", "127.0.0.2", "::ffff:127.0.0.2"],
    ["localhost", "::ffff:127.0.0.2", "127.0.0.2"],
  ];
  test.skipIf(process.platform !== "linux")(
    "binds a mapped address in the form that the dialed one needs",
    async () => {
      await using server = await startServer(echo);
      for (const [hostname, localAddress, local] of bound) {
        for (const retry of [false, true]) {
          await using connection = await connect({ hostname, port: server.port, localAddress, retry, timeout: 3000 });
          expect(connection.local.hostname).toBe(local);
        }
      }
    },
  );

  test("rejects a self-connection it was told to make, at once and for good", async () => {
    const port = await unusedPort();
    for (const retry of [false, true]) {
      const error = await connect({ hostname: "127.0.0.1", port, localPort: port, retry }).catch((error: unknown) =>
        error
      );
      expect(error).toMatchObject({ name: "SelfConnectError", code: "ECONNREFUSED", attempts: 1, port });
    }
    // The port is free at once.
    await using server = await startServer(echo, "127.0.0.1", port);
    expect(server.port).toBe(port);
  });
});
