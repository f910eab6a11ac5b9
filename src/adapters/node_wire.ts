import type { Socket } from "node:net";
import type { Wire } from "../core/adapter.ts";

/** A `net.Socket` as the byte pipe of the portable API. */
export function wire(socket: Socket): Wire {
  let failure: Error | undefined;
  let wake = (): void => {};
  const onChange = (): void => wake();
  socket.on("error", (error) => failure = error);
  socket.on("readable", onChange).on("end", onChange).on("close", onChange);
  // FIN goes out when we say so, not as an answer to the peer's.
  socket.allowHalfOpen = true;

  return {
    async read() {
      while (true) {
        const chunk: Buffer | null = socket.read();
        if (chunk !== null) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
        if (failure) throw failure;
        if (socket.readableEnded || socket.destroyed) return null;
        await new Promise<void>((resolve) => wake = resolve);
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
        socket.destroySoon();
      }),
    reset: () => {
      socket.resetAndDestroy();
    },
  };
}
