import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { connect, type Connection } from "../../mod.ts";
import { bytes, text, ways, within } from "../fixtures/connection_ways.ts";
import { echo, startServer } from "../fixtures/tcp_server.ts";

for (const [way, open] of ways) {
  describe(`the streams, over ${way},`, () => {
    test("are aborted in the middle of a write that the peer does not take", async () => {
      await using server = await startServer((socket) => socket.pause());
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const writes = Promise.allSettled(Array.from({ length: 20 }, () => writer.write(new Uint8Array(1 << 20))));
      await sleep(100);
      await within(1000, writer.abort("enough"));
      await within(1000, connection.closed);
      expect((await writes).at(-1)).toEqual({ status: "rejected", reason: "enough" });
    });

    test("are aborted by the signal of pipeTo", async () => {
      await using server = await startServer((socket) => socket.resume());
      const connection = await open(server.port);
      const source = new ReadableStream<Uint8Array>({
        pull: async (to) => {
          await sleep(10);
          to.enqueue(new Uint8Array(1000));
        },
      });
      const controller = new AbortController();
      const piping = source.pipeTo(connection.writable, { signal: controller.signal });
      setTimeout(() => controller.abort("enough"), 50);
      await expect(within(1000, piping)).rejects.toBe("enough");
      await within(1000, connection.closed);
    });

    // The standard has pipeTo wait for a write that is under way, however its signal is aborted, and tells nobody.
    test("let go of a pipe that waits for a peer that does not read, by reset()", async () => {
      await using server = await startServer((socket) => socket.pause());
      const connection = await open(server.port);
      const source = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(1 << 20)) });
      const controller = new AbortController();
      const piping = source.pipeTo(connection.writable, { signal: controller.signal });
      controller.signal.addEventListener("abort", () => connection.reset());
      setTimeout(() => controller.abort("enough"), 100);
      // Whether with the reason or with what the reset made of the stream is the runtime's own.
      const failure: unknown = await within(1000, piping.catch((error: unknown) => error));
      expect(["enough", "ECONNABORTED"]).toContain((failure as { code?: string }).code ?? failure);
      await within(1000, connection.closed);
    });

    test("are piped through an echo and back", async () => {
      await using server = await startServer(echo);
      const connection = await open(server.port);
      const source = new ReadableStream<Uint8Array>({
        start(to) {
          for (const word of ["a ", "b ", "c"]) to.enqueue(bytes(word));
          to.close();
        },
      });
      const received = await new Response(source.pipeThrough(connection)).text();
      expect(received).toBe("a b c");
      await within(1000, connection.closed);
    });

    test("can be teed", async () => {
      await using server = await startServer((socket) => socket.end("twice"));
      const connection = await open(server.port);
      const [one, two] = connection.readable.tee();
      expect(await Promise.all([new Response(one).text(), new Response(two).text()])).toEqual(["twice", "twice"]);
    });

    test("are read into buffers of the reader's own", async () => {
      await using server = await startServer((socket) => socket.end("hello world"));
      const connection = await open(server.port);
      const reader = connection.readable.getReader({ mode: "byob" });
      let received = "";
      for (let buffer = new Uint8Array(4);;) {
        const { value, done } = await reader.read(buffer);
        if (done) break;
        received += text(value);
        buffer = new Uint8Array(value.buffer);
      }
      expect(received).toBe("hello world");
      await connection.closed;
    });

    test("lose and repeat nothing for readers whose buffers are smaller and larger than the chunks, and for the next reader", async () => {
      const sent = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 31 + (i >> 8)) & 255);
      await using server = await startServer((socket) => socket.end(sent));
      const connection = await open(server.port);
      const received: number[] = [];
      for (let size = 1; received.length < 700_000; size = size * 3 % 100_003) {
        const reader = connection.readable.getReader({ mode: "byob" });
        const { value } = await reader.read(new Uint8Array(size));
        received.push(...value ?? []);
        reader.releaseLock();
      }
      for await (const chunk of connection.readable) for (const byte of chunk) received.push(byte);
      expect(received.length).toBe(sent.length);
      expect(sent.every((byte, i) => byte === received[i])).toBe(true);
      await connection.closed;
    });

    test("end in order where a read into elements of two bytes has got half of one", async () => {
      for (const end of ["peer", "close", "reset"] as const) {
        await using server = await startServer((socket) => {
          socket.write("ab");
          if (end === "peer") setTimeout(() => socket.end(), 50);
          else socket.on("end", () => socket.end());
        });
        const connection = await open(server.port);
        const reader = connection.readable.getReader({ mode: "byob" });
        // The first byte shows that the second is here.
        await reader.read(new Uint8Array(1));
        const failure = expect(reader.read(new Uint16Array(4))).rejects.toBeInstanceOf(TypeError);
        await sleep(30);
        await Promise.all([failure, end === "peer" ? undefined : connection[end]()]);
        await within(1000, connection.closed);
      }
    });

    for (const mode of [undefined, "byob"] as const) {
      const released = async (connection: Connection): Promise<void> => {
        const reader = connection.readable.getReader({ mode: mode! });
        const read = (reader as ReadableStreamBYOBReader).read(new Uint8Array(16));
        await sleep(5);
        reader.releaseLock();
        await expect(read).rejects.toBeInstanceOf(TypeError);
      };
      const kind = mode === "byob" ? "into a buffer" : "of a chunk";

      test(`answer the next reader after one was released that waited for a read ${kind}`, async () => {
        await using server = await startServer(echo);
        await using connection = await open(server.port);
        await released(connection);
        const read = connection.readable.getReader().read();
        await connection.writable.getWriter().write(bytes("ping"));
        expect(text((await within(1000, read)).value!)).toBe("ping");
      });

      test(`keep what arrives after a reader was released that waited for a read ${kind}, over a reset too`, async () => {
        let peer: Socket | undefined;
        await using server = await startServer((socket) => void (peer = socket));
        const connection = await open(server.port);
        await released(connection);
        peer!.write("plain");
        await sleep(30);
        await expect(connection.startTls()).rejects.toThrow(
          "Cannot start TLS: 5 bytes that have arrived were not read",
        );
        peer!.resetAndDestroy();
        await expect(connection.closed).rejects.toMatchObject({ code: "ECONNRESET" });
        const reader = connection.readable.getReader();
        expect(text((await reader.read()).value!)).toBe("plain");
        await expect(within(1000, reader.read())).rejects.toMatchObject({ code: "ECONNRESET" });
      });
    }

    for (const next of ["byob", undefined] as const) {
      for (const waiting of [0, 20]) {
        const reads = waiting === 0 ? 1 : 2;
        const title = `${reads} released in the turn of their read, ${waiting} bytes waiting, then ${next ?? "chunks"}`;
        test(`answer the next reader: ${title}`, async () => {
          await using server = await startServer((socket) => {
            socket.write("x".repeat(waiting));
            setTimeout(() => socket.end("y".repeat(300)), 60);
          });
          await using connection = await open(server.port);
          if (waiting > 0) await sleep(30);
          const first = connection.readable.getReader({ mode: "byob" });
          const released = Array.from({ length: reads }, () => first.read(new Uint8Array(10)).catch(() => undefined));
          first.releaseLock();
          let received = (await released[0])?.value?.length ?? 0;
          await sleep(5);
          const reader = connection.readable.getReader({ mode: next! }) as ReadableStreamBYOBReader;
          while (true) {
            const { value, done } = await within(1000, reader.read(new Uint8Array(50)));
            if (done) break;
            received += value.length;
          }
          expect(received).toBe(waiting + 300);
        });
      }
    }

    test("settle the close of a writer when the peer ends at the same time", async () => {
      for (let round = 0; round < 10; round++) {
        await using server = await startServer((socket) => void socket.once("data", () => socket.end("bye")));
        const connection = await open(server.port, round % 2 === 0 ? {} : { retry: true });
        const writer = connection.writable.getWriter();
        await writer.write(bytes("quit"));
        await within(1000, writer.close());
        await within(1000, connection.close());
      }
    });

    test("settle the close of a writer that a reset follows", async () => {
      for (let turns = 0; turns < 6; turns++) {
        await using server = await startServer((socket) => socket.resume());
        const connection = await open(server.port);
        const writer = connection.writable.getWriter();
        const closing = writer.close();
        for (let turn = 0; turn < turns; turn++) await undefined;
        connection.reset();
        await within(1000, closing.catch(() => {}));
        await within(1000, connection.closed);
      }
    });

    test("send nothing of a buffer that was transferred", async () => {
      let received = "";
      await using server = await startServer((socket) => {
        socket.on("data", (chunk) => received += chunk).on("end", () => socket.end());
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const chunk = bytes("transferred");
      structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] });
      await writer.write(chunk);
      await writer.write(bytes("ok"));
      await within(1000, connection.close());
      expect(received).toBe("ok");
    });

    test("report the failure of the connection when they are first used after it", async () => {
      await using server = await startServer((socket) => void setTimeout(() => socket.resetAndDestroy(), 50));
      const connection = await open(server.port);
      const failure: unknown = await connection.closed.catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "ECONNRESET" });
      await expect(connection.writable.getWriter().write(bytes("x"))).rejects.toBe(failure);
      await expect(connection.readable.getReader().read()).rejects.toBe(failure);
    });

    test("report one failure when the program closes native in the middle of a write", async () => {
      await using server = await startServer((socket) => socket.pause());
      const connection = await open(server.port);
      const write = connection.writable.getWriter().write(new Uint8Array(30_000_000)).catch((error: unknown) => error);
      await sleep(50);
      const native = connection.native as { destroy?(): void; terminate?(): void; close?(): void };
      (native.destroy ?? native.terminate ?? native.close)!.call(native);
      const failure = await within(1000, connection.closed.catch((error: unknown) => error));
      expect(failure).toMatchObject({ code: "ECONNRESET" });
      expect(await within(1000, write)).toBe(failure);
    });

    test("end a pending read into the reader's own buffer when the connection is closed", async () => {
      await using server = await startServer(echo);
      const connection = await open(server.port);
      const read = connection.readable.getReader({ mode: "byob" }).read(new Uint8Array(4));
      await sleep(20);
      await connection.close();
      expect((await within(1000, read)).done).toBe(true);
    });

    test("close the connection when a for await loop is left", async () => {
      let received = "";
      await using server = await startServer((socket) => {
        socket.write("more than one");
        socket.on("data", (chunk) => received += chunk).on("end", () => socket.end());
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const write = writer.write(bytes("sent all the same"));
      for await (const chunk of connection.readable) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      await write;
      await within(1000, connection.closed);
      await expect.poll(() => received).toBe("sent all the same");
    });

    test("go on with the next reader and writer when a lock is released", async () => {
      await using server = await startServer(echo);
      await using connection = await open(server.port);
      for (const word of ["one", "two", "three"]) {
        const writer = connection.writable.getWriter();
        await writer.write(bytes(word));
        writer.releaseLock();
        const reader = connection.readable.getReader();
        expect(text((await reader.read()).value)).toBe(word);
        reader.releaseLock();
      }
    });

    test("let a buffer be filled again as soon as its write has resolved", async () => {
      const received: Uint8Array[] = [];
      await using server = await startServer((socket) => {
        socket.pause();
        setTimeout(() => socket.on("data", (chunk: Uint8Array) => received.push(chunk)).resume(), 50);
      });
      const connection = await open(server.port);
      const writer = connection.writable.getWriter();
      const buffer = new Uint8Array(1 << 20);
      for (let value = 1; value <= 12; value++) await writer.write(buffer.fill(value));
      await connection.close();
      await expect.poll(() => received.reduce((sum, { length }) => sum + length, 0)).toBe(12 << 20);
      const whole = Buffer.concat(received);
      for (let value = 1; value <= 12; value++) {
        const part = whole.subarray((value - 1) << 20, value << 20);
        expect(Buffer.compare(part, Buffer.alloc(1 << 20, value))).toBe(0);
      }
    });
  });
}

test("native has the type that its caller names", async () => {
  await using server = await startServer(echo);
  const connection: Connection<{ ref(): void }> = await connect({ hostname: "127.0.0.1", port: server.port });
  expect(typeof connection.native.ref).toBe("function");
  await connection.close();
});

test("streams of node:stream/web are used where the environment has no global ones", async () => {
  await using server = await startServer((socket) => socket.end("hello"));
  const globals = { ReadableStream: globalThis.ReadableStream, WritableStream: globalThis.WritableStream };
  try {
    Object.assign(globalThis, { ReadableStream: undefined, WritableStream: undefined });
    await using connection = await connect({ hostname: "127.0.0.1", port: server.port });
    await connection.writable.getWriter().write(bytes("x"));
    expect(text((await connection.readable.getReader().read()).value)).toBe("hello");
  } finally {
    Object.assign(globalThis, globals);
  }
});
