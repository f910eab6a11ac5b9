import type { Socket } from "node:net";
import type { ByteStream, ByteStreamListener } from "../../core/byte_stream.ts";

/** The bytes in an ArrayBuffer of their own: what a socket gives back after `unshift` may lie in a pool that others use. */
function owned(chunk: Uint8Array): Uint8Array {
  const isWhole = chunk.byteLength === chunk.buffer.byteLength;
  return isWhole ? new Uint8Array(chunk.buffer) : new Uint8Array(chunk);
}

/** A `net.Socket` as bytes for the portable API. */
class NodeByteStream implements ByteStream {
  readonly #socket: Socket;
  #listener: ByteStreamListener | undefined;
  #isOver = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    // FIN goes out when we say so, not as an answer to the peer's.
    socket.allowHalfOpen = true;
  }

  listen(listener: ByteStreamListener): void {
    const isFirst = this.#listener === undefined;
    this.#listener = listener;
    if (!isFirst) return;
    this.#socket
      .on("error", (error) => this.#failed(error))
      .on("close", () => this.#onClose())
      .on("end", () => this.#onEnd())
      .on("data", (chunk: Uint8Array) => this.#listener?.data(owned(chunk)));
    if (this.#socket.closed) this.#onClose();
  }

  /** libuv reports the peer's end for a reset that comes together with data. An empty write tells one from the other. */
  #onEnd(): void {
    const socket = this.#socket;
    // Over TLS it is the encrypted bytes that end, and their own stream has asked already.
    if (socket.destroyed || socket.writableEnded || "encrypted" in socket) return this.#listener?.end();
    socket.write(new Uint8Array(), (error) => {
      if (error) this.#failed(error);
      else this.#listener?.end();
    });
  }

  #onClose(): void {
    const { errored, readableEnded, writableFinished } = this.#socket;
    // A socket destroys itself once both directions have ended in order.
    if (readableEnded && writableFinished) return;
    this.#failed(errored ?? Object.assign(new Error("The socket was closed"), { code: "ECONNABORTED" }));
  }

  #failed(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener?.failed(error);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    const socket = this.#socket;
    let settle: ((error: Error | null | undefined) => void) | undefined;
    socket.write(chunk, (error) => settle?.(error));
    // The runtime has tried at once, and most often that was all.
    if (socket.writableLength === 0 && !socket.errored && !socket.destroyed) return undefined;
    return new Promise((resolve, reject) => {
      settle = (error) => error ? reject(error) : resolve();
    });
  }

  async closeWrite(): Promise<void> {
    // Deno 2.9 drops what has arrived but was not read yet when end() is called, and reports the peer's end. It reads
    // when its loop has been round the timers twice.
    for (let turn = 0; turn < 2 && !this.#socket.readableEnded; turn++) await new Promise((next) => setTimeout(next));
    return await new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => error ? reject(error) : resolve());
    });
  }

  close(): Promise<void> {
    this.#isOver = true;
    const socket = this.#socket;
    return new Promise((resolve) => {
      if (socket.closed) return resolve();
      // With nothing left to write, closing sends FIN by itself, and saves the shutdown.
      socket.once("close", () => resolve()).destroy();
    });
  }

  reset(): void {
    this.#isOver = true;
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
  }
}

export function byteStream(socket: Socket): ByteStream {
  return new NodeByteStream(socket);
}
