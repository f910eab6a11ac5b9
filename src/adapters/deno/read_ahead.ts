import { type PeerWatch, READ_AHEAD_BYTES } from "../../core/attempt.ts";

/**
 * Notices a hang-up on a `Deno.TcpConn`, which needs a read, and gives the read bytes back to the connection: methods of
 * that one object are replaced until these bytes are used up or it is closed.
 */
export class ReadAhead implements PeerWatch {
  readonly hungUp: Promise<void>;
  readonly #conn: Deno.TcpConn;
  readonly #chunks: Uint8Array[] = [];
  readonly #nativeRead: Deno.TcpConn["read"];
  #pending: Promise<Uint8Array | null> | undefined;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #isStopped = false;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#nativeRead = conn.read.bind(conn);
    this.hungUp = new Promise((resolve) => void this.#readUntilHungUp().then((isHungUp) => isHungUp && resolve()));
  }

  async #readUntilHungUp(): Promise<boolean> {
    for (let length = 0; !this.#isStopped && length < READ_AHEAD_BYTES;) {
      this.#pending = this.#read();
      let chunk: Uint8Array | null;
      try {
        chunk = await this.#pending;
      } catch {
        return true;
      }
      if (chunk === null) return true;
      // After stop() the chunk belongs to the reader that waits for this read.
      if (this.#isStopped) return false;
      this.#pending = undefined;
      this.#chunks.push(chunk);
      length += chunk.length;
    }
    return false;
  }

  /** Gives the read bytes and the pending read back to the connection. */
  stop(): void {
    this.#isStopped = true;
    const conn = this.#conn;
    // What restores the methods drops the bytes, as closing does.
    Object.defineProperties(conn, {
      close: { configurable: true, value: () => this.#restore().close() },
      [Symbol.dispose]: { configurable: true, value: () => this.#restore()[Symbol.dispose]() },
      read: { configurable: true, value: (buffer: Uint8Array) => this.#readBack(buffer) },
      readable: { configurable: true, get: () => this.#readable ??= this.#makeReadable() },
    });
  }

  async #read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(16384);
    const length = await this.#nativeRead(buffer);
    return length === null ? null : buffer.subarray(0, length);
  }

  async #readBack(buffer: Uint8Array): Promise<number | null> {
    if (buffer.length === 0) return 0;
    const next = this.#chunks.shift() ?? await this.#takePending();
    if (next === undefined) {
      this.#restore();
      return await this.#conn.read(buffer);
    }
    if (next === null) return null;
    const length = Math.min(next.length, buffer.length);
    buffer.set(next.subarray(0, length));
    if (length < next.length) this.#chunks.unshift(next.subarray(length));
    if (this.#chunks.length === 0 && this.#pending === undefined) this.#restore();
    return length;
  }

  async #takePending(): Promise<Uint8Array | null | undefined> {
    const pending = this.#pending;
    this.#pending = undefined;
    return await pending;
  }

  /** Gives the connection its own methods back, and returns it. */
  #restore(): Deno.TcpConn {
    this.#chunks.length = 0;
    for (const name of ["close", "read", Symbol.dispose]) Reflect.deleteProperty(this.#conn, name);
    return this.#conn;
  }

  /** The bytes read ahead, then the rest. Like the runtime's own stream it closes the connection at its end. */
  #makeReadable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const conn = this.#conn;
    return new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: 65536,
      async pull(controller) {
        // With a size to allocate, every read has a request.
        const request = controller.byobRequest!;
        const length = await conn.read(request.view as Uint8Array<ArrayBuffer>);
        if (length !== null) return request.respond(length);
        controller.close();
        // A read into the reader's own buffer ends only when the buffer is returned.
        request.respond(0);
        conn.close();
      },
      cancel: () => conn.close(),
    }, { highWaterMark: 0 });
  }
}
