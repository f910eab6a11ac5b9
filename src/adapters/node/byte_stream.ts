import type { Socket } from "node:net";
import { type ByteStream, type ByteStreamListener, ownedBytes } from "../../core/byte_stream.ts";

/** A `net.Socket` as bytes for the portable API. */
class NodeByteStream implements ByteStream {
  readonly #socket: Socket;
  #listener: ByteStreamListener | undefined;
  #isOver = false;
  /** Settles a write that ends with 'drain', or with 'finish' when the program has ended `native`. */
  #settleWrite: ((error?: Error) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    // FIN is sent by `closeWrite`, not automatically after the peer's FIN.
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
      .on("drain", () => this.#onDrain())
      .on("finish", () => this.#onDrain())
      .on("data", (chunk: Uint8Array) => this.#listener?.data(ownedBytes(chunk)));
    if (this.#socket.closed) this.#onClose();
  }

  /** libuv reports a reset that comes together with data as the peer's end. An empty write tells them apart. */
  #onEnd(): void {
    const socket = this.#socket;
    // Over TLS the stream of the encrypted bytes has made this test already.
    if (socket.destroyed || socket.writableEnded || "encrypted" in socket) return this.#listener?.end();
    socket.write(new Uint8Array(), (error) => {
      if (error) this.#failed(error);
      else this.#listener?.end();
    });
  }

  #onClose(): void {
    const { errored, readableEnded, writableFinished } = this.#socket;
    this.#settleWrite?.(errored ?? connectionGone());
    if (this.#isOver) return;
    // A socket destroys itself once both directions have ended in order.
    if (readableEnded && writableFinished) return;
    this.#failed(errored ?? undefined);
  }

  #failed(error: Error | undefined): void {
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
    // A chunk of this length is followed by 'drain', and a callback for each chunk costs more time.
    const isDrained = chunk.length >= socket.writableHighWaterMark && !socket.destroyed;
    let settle: ((error?: Error | null) => void) | undefined;
    if (isDrained) socket.write(chunk);
    else socket.write(chunk, (error) => settle?.(error));
    // The runtime has written at once, in most cases everything.
    if (socket.writableLength === 0 && !socket.errored && !socket.destroyed) return undefined;
    return new Promise((resolve, reject) => {
      settle = (error) => error ? reject(error) : resolve();
      if (isDrained) this.#settleWrite = settle;
    });
  }

  #onDrain(): void {
    if (this.#socket.writableLength === 0) this.#settleWrite?.();
  }

  async closeWrite(): Promise<void> {
    // In Deno 2.9 end() drops bytes that have arrived but are not read yet, and reports the peer's end. Two turns of
    // the timers let Deno read them first.
    for (let turn = 0; turn < 2 && !this.#socket.readableEnded; turn++) await new Promise((next) => setTimeout(next));
    // end() of a destroyed socket may never call back.
    if (this.#socket.destroyed) return;
    return await new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => error ? reject(error) : resolve());
    });
  }

  close(): Promise<void> {
    this.#isOver = true;
    const socket = this.#socket;
    return new Promise((resolve) => {
      if (socket.closed) return resolve();
      // With nothing left to write, closing sends FIN itself, without a separate shutdown.
      socket.once("close", () => resolve()).destroy();
    });
  }

  reset(): void {
    this.#isOver = true;
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
  }
}

function connectionGone(): Error {
  return Object.assign(new Error("Cannot write: the socket is closed"), { code: "EPIPE", syscall: "write" });
}

export function byteStream(socket: Socket): ByteStream {
  return new NodeByteStream(socket);
}
