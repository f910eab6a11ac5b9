import type { ByteStream } from "../../core/byte_stream.ts";
import type { EventBuffer } from "./event_buffer.ts";

class BunByteStream implements ByteStream {
  readonly #socket: Bun.Socket<EventBuffer>;
  #failure: Error | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(socket: Bun.Socket<EventBuffer>) {
    this.#socket = socket;
    socket.data.onEvent = () => {
      this.#wakeReader?.();
      this.#wakeWriter?.();
    };
  }

  async read(): Promise<Uint8Array | null> {
    const buffer = this.#socket.data;
    while (true) {
      const event = buffer.take(this.#socket);
      if (event === undefined) {
        if (this.#failure) throw this.#failure;
        if (buffer.isOver) return null;
        await new Promise<void>((resolve) => this.#wakeReader = resolve);
      } else if (event[0] === "data") {
        return event[1];
      } else if (event[0] === "error" || event[0] === "close") {
        this.#failure ??= event[1];
      }
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let sent = 0; sent < chunk.length;) {
      const isClosed = this.#socket.data.isClosed;
      const length = isClosed ? -1 : this.#socket.write(chunk, sent, chunk.length - sent);
      if (length < 0) {
        throw Object.assign(new Error("Cannot write: the connection is closed"), { code: "EPIPE", syscall: "write" });
      }
      sent += length;
      // Every event wakes: the next write tells whether there is room.
      if (sent < chunk.length) await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
  }

  closeWrite(): Promise<void> {
    this.#socket.shutdown();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#socket.end();
    return Promise.resolve();
  }

  reset(): void {
    this.#socket.terminate();
  }
}

/** A Bun socket, opened half-open, as the byte pipe of the portable API. */
export function byteStream(socket: Bun.Socket<EventBuffer>): ByteStream {
  return new BunByteStream(socket);
}
