import type { ByteStream, ByteStreamListener } from "../../core/byte_stream.ts";
import { close } from "./closing.ts";

/** The size of one read on the loopback of Linux, used once the peer has filled the first buffer. */
const READ_BYTES = 65536;
/** Allocating 64 KiB is slow beside a connect (`npm run bench -- overhead`), and a connection may have little data. */
const FIRST_READ_BYTES = 4096;

/**
 * A `Deno.TcpConn` as bytes for the portable API. Deno reports the peer's end or reset only to a reader, so one read is
 * pending until the listener asks for a pause.
 */
class DenoByteStream implements ByteStream {
  readonly reusesMemory = true;
  readonly #conn: Deno.TcpConn;
  #listener: ByteStreamListener | undefined;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #readBytes = FIRST_READ_BYTES;
  #isPaused = false;
  #isReading = false;
  #isClosed = false;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    void this.#read();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    void this.#read();
  }

  async #read(): Promise<void> {
    if (this.#isReading) return;
    // Stays true after the end or a failure: there is nothing more to read.
    this.#isReading = true;
    while (!this.#isPaused) {
      this.#buffer ??= new Uint8Array(this.#readBytes);
      let length: number | null;
      try {
        length = await this.#conn.read(this.#buffer);
      } catch (error) {
        if (!this.#isClosed) this.#listener?.failed(error);
        return;
      }
      if (this.#isClosed) return;
      if (length === null) return this.#listener?.end();
      this.#deliver(this.#buffer, length);
    }
    this.#isReading = false;
  }

  /** The listener keeps the buffer of a large chunk, unless it has copied it; a small chunk is cheaper to copy. */
  #deliver(buffer: Uint8Array<ArrayBuffer>, length: number): void {
    const isSmall = length < buffer.length / 4;
    const isKept = this.#listener?.data(isSmall ? buffer.slice(0, length) : buffer.subarray(0, length));
    if (isKept && !isSmall) this.#buffer = undefined;
    if (length < buffer.length || length === READ_BYTES) return;
    this.#readBytes = READ_BYTES;
    this.#buffer = undefined;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let sent = 0; sent < chunk.length;) {
      sent += await this.#conn.write(sent === 0 ? chunk : chunk.subarray(sent));
    }
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): Promise<void> {
    this.reset();
    return Promise.resolve();
  }

  /** `Deno.TcpConn` has no way to send a reset. */
  reset(): void {
    this.#isClosed = true;
    close(this.#conn);
  }
}

export function byteStream(conn: Deno.TcpConn): ByteStream {
  return new DenoByteStream(conn);
}
