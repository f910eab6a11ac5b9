import { setImmediate } from "node:timers";
import { webStreams } from "../adapters/web_streams.ts";
import type { ByteStream } from "../core/byte_stream.ts";

/** The events that the outgoing direction reports to its connection. */
export interface OutgoingEvents {
  /** A write has failed. Returns the error for the writer: the connection's first failure. */
  failed(error: unknown): unknown;
  /** The user has closed the stream, and all earlier chunks are sent. */
  closed(): Promise<void>;
  /** The user has aborted the stream. */
  aborted(): void;
}

function isBytes(chunk: unknown): chunk is Uint8Array {
  // Not instanceof: a test environment such as jsdom has its own Uint8Array.
  return ArrayBuffer.isView(chunk) && (chunk as Partial<Uint8Array>)[Symbol.toStringTag] === "Uint8Array";
}

function closedError(): Error {
  return Object.assign(new Error("Cannot write: the connection is closed"), { code: "EPIPE", syscall: "write" });
}

/**
 * The direction from this end to the peer. A WritableStream gives its sink one chunk at a time and does not report how
 * many are queued, but it calls the strategy's `size` for each chunk inside write(). There the chunks are counted: all
 * chunks passed to the stream up to a moment are sent once the same number has been written.
 */
export class Outgoing {
  readonly #bytes: ByteStream;
  readonly #events: OutgoingEvents;
  #passed = 0;
  #taken = 0;
  #written = 0;
  /** How many chunks are sent at most; later ones are refused. */
  #limit = Infinity;
  #isOver = false;
  #failure: unknown;
  #isClosing = false;
  #onDrained: (() => void) | undefined;
  #rejectWrite: ((error: unknown) => void) | undefined;
  #stream: WritableStream<Uint8Array> | undefined;
  #controller: WritableStreamDefaultController | undefined;
  #isAbortHeard = false;
  /** How many bytes were passed to the kernel. */
  sent = 0;

  constructor(bytes: ByteStream, events: OutgoingEvents) {
    this.#bytes = bytes;
    this.#events = events;
  }

  get stream(): WritableStream<Uint8Array> {
    return this.#stream ??= this.#makeStream();
  }

  /** Whether the stream was ever used. */
  get isUsed(): boolean {
    return this.#stream !== undefined;
  }

  /** Why no other code may write after this stream; undefined when it may. */
  get inUse(): string | undefined {
    if (this.#isClosing) return "its writable was closed";
    return this.#written < this.#passed ? "a write has not been sent" : undefined;
  }

  #makeStream(): WritableStream<Uint8Array> {
    const { WritableStream } = webStreams();
    const size = (): number => {
      this.#passed++;
      return 1;
    };
    const stream = new WritableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      write: (chunk) => this.#write(chunk),
      close: () => {
        this.#isClosing = true;
        return this.#events.closed();
      },
      abort: (reason) => this.#abort(reason),
    }, { highWaterMark: 1, size });
    if (this.#isOver) this.#controller?.error(this.#failure ?? closedError());
    return stream;
  }

  #write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#taken >= this.#limit || this.#isOver) throw closedError();
    this.#taken++;
    if (!isBytes(chunk)) {
      // The stream has failed: the chunks queued after this one are not sent.
      this.#passed = this.#written = this.#taken;
      this.#limit = 0;
      this.#onDrained?.();
      throw new TypeError(`Cannot write: expected a Uint8Array, got ${chunk === null ? "null" : typeof chunk}`);
    }
    this.sent += chunk.length;
    // A detached buffer has no bytes, and some runtimes cannot take it.
    const writing = chunk.length === 0 ? undefined : this.#bytes.write(chunk);
    if (writing !== undefined) return this.#awaitWrite(writing);
    this.#onWritten();
    return undefined;
  }

  #awaitWrite(writing: Promise<void>): Promise<void> {
    if (!this.#isAbortHeard) {
      this.#isAbortHeard = true;
      // The sink's abort() waits for the pending write, which the peer may never take.
      const signal = this.#controller?.signal;
      signal?.addEventListener("abort", () => this.#abort(signal.reason), { once: true });
    }
    return new Promise((resolve, reject) => {
      this.#rejectWrite = reject;
      writing.then(() => {
        this.#rejectWrite = undefined;
        this.#onWritten();
        resolve();
      }, (error) => reject(this.#events.failed(error)));
    });
  }

  #abort(reason: unknown): void {
    // The stream errors by itself, with the reason. If this method errored it, the user's abort() would reject.
    this.#controller = undefined;
    this.#rejectWrite?.(reason);
    this.#events.aborted();
  }

  #onWritten(): void {
    this.#written++;
    if (this.#written >= this.#limit) this.#onDrained?.();
  }

  /** Resolves when all chunks passed to the stream until now are sent, or when nothing can be sent any more. */
  drain(): Promise<void> {
    this.#limit = Math.min(this.#limit, this.#passed);
    if (this.#isOver || this.#written >= this.#limit) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained = resolve);
  }

  /**
   * Ends a drained stream in the next turn of the event loop: a `close()` that is still queued, or that the user calls
   * when `readable` ends, comes first. Deno's test runner would report a timer here as a leak.
   */
  end(): void {
    this.#isOver = true;
    if (this.#controller === undefined) return;
    setImmediate(() => this.#isClosing || this.#controller?.error(closedError()));
  }

  /** Drops the unsent chunks. */
  fail(error: unknown): void {
    this.#isOver = true;
    this.#failure = error;
    this.#onDrained?.();
    this.#rejectWrite?.(error);
    this.#controller?.error(error);
  }
}
