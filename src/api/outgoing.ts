import { webStreams } from "../adapters/web_streams.ts";
import type { ByteStream } from "../core/byte_stream.ts";

/** What the direction from us to the peer tells its connection. */
export interface OutgoingEvents {
  /** A write has failed. Returns what it rejects with: the connection's first failure. */
  failed(error: unknown): unknown;
  /** The user has closed the stream, and everything before that is sent. */
  closed(): Promise<void>;
  /** The user has aborted the stream. */
  aborted(): void;
}

function isBytes(chunk: unknown): chunk is Uint8Array {
  // Not instanceof: a test environment such as jsdom has a Uint8Array of its own.
  return ArrayBuffer.isView(chunk) && (chunk as Partial<Uint8Array>)[Symbol.toStringTag] === "Uint8Array";
}

function closedError(): Error {
  return Object.assign(new Error("Cannot write: the connection is closed"), { code: "EPIPE", syscall: "write" });
}

/**
 * The direction from us to the peer. A WritableStream hands its sink one chunk at a time and does not say how many wait
 * behind it, but it asks the strategy for the size of each within the call of write(). The chunks are counted there: all
 * that were passed to the stream up to a moment are sent when as many have been written.
 */
export class Outgoing {
  readonly #bytes: ByteStream;
  readonly #events: OutgoingEvents;
  #passed = 0;
  #taken = 0;
  #written = 0;
  /** How many chunks are still sent. */
  #limit = Infinity;
  #isOver = false;
  #failure: unknown;
  #isClosing = false;
  #onDrained: (() => void) | undefined;
  #rejectWrite: ((error: unknown) => void) | undefined;
  #stream: WritableStream<Uint8Array> | undefined;
  #controller: WritableStreamDefaultController | undefined;
  #isAbortHeard = false;
  /** How many bytes were given to the kernel. */
  sent = 0;

  constructor(bytes: ByteStream, events: OutgoingEvents) {
    this.#bytes = bytes;
    this.#events = events;
  }

  get stream(): WritableStream<Uint8Array> {
    return this.#stream ??= this.#makeStream();
  }

  /** Whether the stream was ever asked for. */
  get isUsed(): boolean {
    return this.#stream !== undefined;
  }

  /** What keeps other bytes from being written behind those of this stream; undefined when nothing does. */
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
      // The stream has ended: chunks that wait behind this one are not sent.
      this.#passed = this.#written = this.#taken;
      this.#limit = 0;
      this.#onDrained?.();
      throw new TypeError(`Cannot write: expected a Uint8Array, got ${chunk === null ? "null" : typeof chunk}`);
    }
    this.sent += chunk.length;
    const writing = this.#bytes.write(chunk);
    if (writing !== undefined) return this.#awaitWrite(writing);
    this.#onWritten();
    return undefined;
  }

  #awaitWrite(writing: Promise<void>): Promise<void> {
    if (!this.#isAbortHeard) {
      this.#isAbortHeard = true;
      // The sink's abort() waits for a write that is under way, and the peer may never take that.
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
    // The stream errors by itself, with the reason; done from here, its user's abort() would reject.
    this.#controller = undefined;
    this.#rejectWrite?.(reason);
    this.#events.aborted();
  }

  #onWritten(): void {
    this.#written++;
    if (this.#written >= this.#limit) this.#onDrained?.();
  }

  /** Resolves when all that was passed to the stream until now is sent, or when nothing can be sent any more. */
  drain(): Promise<void> {
    this.#limit = Math.min(this.#limit, this.#passed);
    if (this.#isOver || this.#written >= this.#limit) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained = resolve);
  }

  /** Ends a stream that has been drained. A `close()` of its user that still waits in its queue comes first. */
  end(): void {
    this.#isOver = true;
    if (this.#controller === undefined) return;
    setTimeout(() => this.#isClosing || this.#controller?.error(closedError()));
  }

  /** Drops what has not been sent. */
  fail(error: unknown): void {
    this.#isOver = true;
    this.#failure = error;
    this.#onDrained?.();
    this.#rejectWrite?.(error);
    this.#controller?.error(error);
  }
}
