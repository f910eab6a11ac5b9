import { type ByteStream, type ByteStreamListener, ownedBytes } from "../../core/byte_stream.ts";
import type { EventBuffer, SocketEvent } from "./event_buffer.ts";

/** A Bun socket as bytes for the portable API, opened with `allowHalfOpen` and the handlers of its `EventBuffer`. */
class BunByteStream implements ByteStream {
  readonly #socket: Bun.Socket<EventBuffer>;
  #listener: ByteStreamListener | undefined;
  #isPaused = false;
  #isOver = false;
  #hasPeerEnded = false;
  #isWriteClosed = false;
  /** Continues a write when there may be room in the send buffer. */
  #continueWrite: (() => void) | undefined;

  constructor(socket: Bun.Socket<EventBuffer>) {
    this.#socket = socket;
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    const onEvents = (): void => {
      const buffer = this.#socket.data;
      for (let event = buffer.take(this.#socket); event !== undefined; event = buffer.take(this.#socket)) {
        this.#report(event);
      }
    };
    this.#socket.data.onEvent = onEvents;
    onEvents();
  }

  #report([name, detail]: SocketEvent): void {
    if (name === "data") {
      this.#listener?.data(ownedBytes(detail));
      // An emptied event buffer resumes the socket, even if the listener has asked for a pause.
      if (this.#isPaused) this.#socket.pause();
    } else if (name === "end") {
      this.#end();
    } else if (name === "close" && detail === undefined && this.#isWriteClosed) {
      // After our own FIN, Bun reports an orderly end of the peer only by this 'close'.
      this.#end();
    } else if (name === "error" || name === "close") {
      this.#failed(detail);
    }
    this.#continueWrite?.();
  }

  #end(): void {
    if (this.#hasPeerEnded) return;
    this.#hasPeerEnded = true;
    this.#listener?.end();
  }

  #failed(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener?.failed(error);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    let sent = this.#send(chunk, 0);
    if (sent === chunk.length) return undefined;
    return new Promise((resolve, reject) => {
      const tryAgain = (): void => {
        if (sent >= 0) sent = this.#send(chunk, sent);
        if (sent >= 0 && sent < chunk.length) return;
        this.#continueWrite = undefined;
        if (sent === chunk.length) resolve();
        else {
          reject(Object.assign(new Error("Cannot write: the socket is closed"), { code: "EPIPE", syscall: "write" }));
        }
      };
      if (sent < 0) tryAgain();
      else this.#continueWrite = tryAgain;
    });
  }

  /** Returns how many bytes of the chunk have been sent; negative when the socket is closed. */
  #send(chunk: Uint8Array, sent: number): number {
    const length = this.#socket.data.isClosed ? -1 : this.#socket.write(chunk, sent, chunk.length - sent);
    return length < 0 ? -1 : sent + length;
  }

  closeWrite(): Promise<void> {
    this.#isWriteClosed = true;
    this.#socket.shutdown();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.#socket.end();
    return Promise.resolve();
  }

  reset(): void {
    this.#isOver = true;
    this.#socket.terminate();
  }
}

export function byteStream(socket: Bun.Socket<EventBuffer>): ByteStream {
  return new BunByteStream(socket);
}
