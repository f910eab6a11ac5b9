import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { bytes, text, ways, within } from "../fixtures/connection_ways.ts";
import { echo, startServer } from "../fixtures/tcp_server.ts";

for (const [way, open] of ways) {
  describe(`closed, over ${way},`, () => {
    test("rejects within milliseconds when the peer resets and nobody reads", async () => {
      await using server = await startServer((socket) => void setTimeout(() => socket.resetAndDestroy(), 50));
      const connection = await open(server.port);
      await expect(within(1000, connection.closed)).rejects.toMatchObject({ code: "ECONNRESET" });
      await connection.close();
      await expect(connection.closed).rejects.toMatchObject({ code: "ECONNRESET" });
    });

    test("resolves when both have ended and nobody reads", async () => {
      await using server = await startServer((socket) => void setTimeout(() => socket.end(), 100));
      const connection = await open(server.port);
      await connection.writable.close();
      await within(1000, connection.closed);
    });

    test("rejects with what reads and writes report", async () => {
      await using server = await startServer((socket) => void setTimeout(() => socket.resetAndDestroy(), 50));
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const failures = await Promise.all([
        connection.closed.catch((error: unknown) => error),
        connection.readable.getReader().read().catch((error: unknown) => error),
        writer.write(new Uint8Array(50_000_000)).catch((error: unknown) => error),
      ]);
      failures.push(await writer.write(bytes("too late")).catch((error: unknown) => error));
      expect(new Set(failures).size).toBe(1);
      expect(failures[0]).toMatchObject({ code: "ECONNRESET" });
    });

    test("still lets what arrived before the reset be read", async () => {
      await using server = await startServer((socket) => {
        socket.write("last words");
        setTimeout(() => socket.resetAndDestroy(), 100);
      });
      const connection = await open(server.port);
      await expect(connection.closed).rejects.toMatchObject({ code: "ECONNRESET" });
      const reader = connection.readable.getReader();
      expect(text((await reader.read()).value)).toBe("last words");
      await expect(reader.read()).rejects.toMatchObject({ code: "ECONNRESET" });
    });
  });

  describe(`close(), over ${way},`, () => {
    test("sends 20 chunks of 200,000 bytes that nobody awaits, with a lock on the stream", async () => {
      let received = 0;
      await using server = await startServer((socket) => {
        socket.on("data", (chunk) => received += chunk.length).on("end", () => socket.end());
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const writes = Array.from({ length: 20 }, () => writer.write(new Uint8Array(200_000)));
      await connection.close();
      await Promise.all(writes);
      await expect.poll(() => received).toBe(4_000_000);
      await expect(writer.write(bytes("too late"))).rejects.toThrow("closed");
    });

    test("does not wait for what stands behind a chunk that is no bytes", async () => {
      let received = "";
      await using server = await startServer((socket) => {
        socket.on("data", (chunk) => received += chunk).on("end", () => socket.end());
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const writes = [bytes("one"), "two" as never, bytes("three")].map((chunk) => writer.write(chunk));
      const outcomes = Promise.allSettled(writes);
      await within(1000, connection.close());
      expect((await outcomes).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
      expect(received).toBe("one");
    });

    test("gets a close() of the writer through that still waits behind writes", async () => {
      let received = "";
      await using server = await startServer((socket) => {
        socket.on("data", (chunk) => received += chunk).on("end", () => socket.end());
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const calls = [writer.write(bytes("one ")), writer.write(bytes("two")), writer.close()];
      await connection.close();
      await Promise.all(calls);
      expect(received).toBe("one two");
    });

    test("loses nothing to a peer that sends back what nobody reads", async () => {
      let received = 0;
      await using server = await startServer((socket) => {
        socket.on("data", (chunk) => received += chunk.length);
        setTimeout(() => socket.pipe(socket), 100);
        socket.pause();
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const writes = Array.from({ length: 40 }, () => writer.write(new Uint8Array(200_000)));
      await connection.close();
      await Promise.all(writes);
      await connection.closed;
      await expect.poll(() => received).toBe(8_000_000);
    });

    test("does not wait for a peer that keeps its end open, nor for one that never stops", async () => {
      await using silent = await startServer((socket) => socket.resume());
      await using flooding = await startServer((socket) => {
        const flood = (): void => {
          while (!socket.destroyed && socket.write(new Uint8Array(1 << 16)));
        };
        socket.on("drain", flood);
        flood();
      });
      for (const { port } of [silent, flooding]) {
        const connection = await open(port);
        await connection.writable.getWriter().write(bytes("hello"));
        await within(5000, connection.close());
      }
    });

    test("is over as soon as the peer has ended, however much was written", async () => {
      await using server = await startServer((socket) => socket.resume().on("end", () => socket.end()));
      const connection = await open(server.port);
      await connection.writable.getWriter().write(new Uint8Array(100_000));
      // Without the peer's end it waits for a second in which nothing arrives.
      await within(900, connection.close());
    });

    test("ends a loop that reads", async () => {
      await using server = await startServer(echo);
      const connection = await open(server.port);
      const loop = (async () => {
        for await (const chunk of connection.readable) expect(chunk.length).toBe(0);
        return "ended";
      })();
      await sleep(50);
      await connection.close();
      expect(await within(1000, loop)).toBe("ended");
    });
  });

  describe(`after the peer's end, over ${way},`, () => {
    test("what was passed to writable is sent, then the connection closes, whether or not anybody reads", async () => {
      let received = 0;
      await using server = await startServer((socket) => {
        socket.end("bye");
        setTimeout(() => socket.on("data", (chunk) => received += chunk.length), 100);
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const writes = Array.from({ length: 40 }, () => writer.write(new Uint8Array(200_000)));
      await connection.closed;
      await Promise.all(writes);
      await expect.poll(() => received).toBe(8_000_000);
      expect(text((await connection.readable.getReader().read()).value)).toBe("bye");
    });

    test("writing goes on with allowHalfOpen, until the writer closes", async () => {
      let received = "";
      await using server = await startServer((socket) => {
        socket.end("bye");
        socket.on("data", (chunk) => received += chunk);
      });
      const connection = await open(server.port, { allowHalfOpen: true });
      const reader = connection.readable.getReader();
      expect(text((await reader.read()).value)).toBe("bye");
      expect((await reader.read()).done).toBe(true);
      await sleep(100);
      const writer = connection.writable.getWriter();
      await writer.write(bytes("still "));
      await writer.write(bytes("here"));
      await writer.close();
      await within(1000, connection.closed);
      await expect.poll(() => received).toBe("still here");
    });

    test("allowHalfOpen leaves it to close() too", async () => {
      await using server = await startServer((socket) => socket.resume().end());
      const connection = await open(server.port, { allowHalfOpen: true });
      expect((await connection.readable.getReader().read()).done).toBe(true);
      expect(await Promise.race([connection.closed, sleep(200, "open")])).toBe("open");
      await connection.close();
      await connection.closed;
    });
  });
}
