import { READ_AHEAD_BYTES } from "../../core/adapter.ts";

/**
 * Notices a hang-up on a `Deno.TcpConn`, which only a read can, and gives what was read back to the connection: until
 * that is used up, its `read` and `readable` are replaced on that one object.
 */
export class ReadAhead {
  readonly #conn: Deno.TcpConn;
  readonly #chunks: Uint8Array[] = [];
  readonly #nativeRead: Deno.TcpConn["read"];
  #pending: Promise<Uint8Array | null> | undefined;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#nativeRead = conn.read.bind(conn);
  }

  /** See `Adapter.isStable`. */
  async isStable(ms: number, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    let stop = (): void => {};
    let isOver = false;
    const over = new Promise<"over">((resolve) => {
      stop = () => {
        isOver = true;
        resolve("over");
      };
    });
    const timer = setTimeout(stop, ms);
    signal?.addEventListener("abort", stop);
    try {
      for (let length = 0; !isOver && length < READ_AHEAD_BYTES;) {
        this.#pending ??= this.#read();
        const chunk = await Promise.race([this.#pending, over]);
        if (chunk === "over") break;
        this.#pending = undefined;
        if (chunk === null) return false;
        this.#chunks.push(chunk);
        length += chunk.length;
      }
      await over;
      signal?.throwIfAborted();
      this.#giveBack();
      return true;
    } catch (error) {
      this.#pending?.catch(() => {});
      if (signal?.aborted) throw error;
      return false;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  async #read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(16384);
    const length = await this.#nativeRead(buffer);
    return length === null ? null : buffer.subarray(0, length);
  }

  #giveBack(): void {
    const conn = this.#conn;
    // Whoever never reads must not be killed by the rejection of a read they did not ask for.
    this.#pending?.catch(() => {});
    Object.defineProperties(conn, {
      read: { configurable: true, value: (buffer: Uint8Array) => this.#readBack(buffer) },
      readable: { configurable: true, get: () => this.#readable ??= this.#makeReadable() },
    });
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

  #restore(): void {
    Reflect.deleteProperty(this.#conn, "read");
  }

  /** What was read ahead, then the rest; like the runtime's own stream it closes the connection at its end. */
  #makeReadable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const conn = this.#conn;
    return new ReadableStream({
      async pull(controller) {
        const buffer = new Uint8Array(65536);
        const length = await conn.read(buffer);
        if (length !== null) return controller.enqueue(buffer.subarray(0, length));
        controller.close();
        conn.close();
      },
      cancel: () => conn.close(),
    }, { highWaterMark: 0 });
  }
}
