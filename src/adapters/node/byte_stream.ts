import type { Socket } from "node:net";
import type { ByteStream } from "../../core/byte_stream.ts";

/** A `net.Socket` as the byte pipe of the portable API. */
export function byteStream(socket: Socket): ByteStream {
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  socket.on("error", (error) => failure = error);
  // FIN goes out when we say so, not as an answer to the peer's.
  socket.allowHalfOpen = true;

  /** Resolves when there may be something new to read. Listeners are added on the first read. */
  function changed(): Promise<void> {
    if (wake === undefined) {
      const onChange = (): void => wake?.();
      socket.on("readable", onChange).on("end", onChange).on("close", onChange);
    }
    return new Promise((resolve) => wake = resolve);
  }

  return {
    async read() {
      while (true) {
        const chunk: Buffer | null = socket.read();
        if (chunk !== null) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
        if (failure) throw failure;
        if (socket.readableEnded || socket.destroyed) return null;
        await changed();
      }
    },
    write: (chunk) =>
      new Promise((resolve, reject) => {
        socket.write(chunk, (error) => error ? reject(error) : resolve());
      }),
    closeWrite: () => new Promise((resolve) => socket.end(resolve)),
    close: () =>
      new Promise((resolve) => {
        if (socket.closed) return resolve();
        socket.once("close", () => resolve());
        // With nothing left to write, closing sends FIN by itself, and saves the shutdown.
        if (socket.writableLength === 0) socket.destroy();
        else socket.destroySoon();
      }),
    reset: () => {
      socket.resetAndDestroy();
    },
  };
}
