import { webStreams } from "../adapters/web_streams.ts";
import type { ByteStream } from "../core/byte_stream.ts";

/**
 * How many bytes are read without a reader. Some are needed: the end of a connection arrives after its bytes, and would
 * otherwise be noticed only by a reader.
 */
const MAX_QUEUED_BYTES = 65536;

/** The events that the incoming direction reports to its connection. */
export interface IncomingEvents {
  /** The stream cannot take the bytes. */
  failed(error: unknown): void;
  /** The user has cancelled the stream. */
  cancelled(): Promise<void>;
}

/** The direction from the peer to this end: the bytes that have arrived, how they ended, and the stream of both. */
export class Incoming {
  readonly #bytes: ByteStream;
  readonly #events: IncomingEvents;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #isPaused = false;
  /** Whether a reader waits for a chunk; then none is queued. */
  #isAwaited = false;
  /**
   * Whether the stream pulled again meanwhile: for a second read, or for a new reader after another was released. Bytes
   * copied into the buffer of the released reader's read do not reach the new reader (Streams Standard,
   * ReadableByteStreamControllerRespondInReadableState); enqueued chunks do.
   */
  #isAwaitedTwice = false;
  #isDiscarding = false;
  #hasEnded = false;
  #failure: unknown;
  #isSettled = false;
  #stream: ReadableStream<Uint8Array> | undefined;
  #controller: ReadableByteStreamController | undefined;
  /** How many bytes have arrived. */
  received = 0;

  constructor(bytes: ByteStream, events: IncomingEvents) {
    this.#bytes = bytes;
    this.#events = events;
  }

  get stream(): ReadableStream<Uint8Array> {
    return this.#stream ??= this.#makeStream();
  }

  /** Whether the stream was ever used. */
  get isUsed(): boolean {
    return this.#stream !== undefined;
  }

  /** Why only this stream may read the next bytes; undefined when other code may. */
  get inUse(): string | undefined {
    if (this.#isAwaited && this.#stream?.locked) return "a read is pending";
    const length = this.#length + this.#queued;
    return length > 0 ? `${length} bytes that have arrived were not read` : undefined;
  }

  /** How many bytes are in the stream itself: those for a read of a released reader. */
  get #queued(): number {
    return -(this.#controller?.desiredSize ?? 0);
  }

  #makeStream(): ReadableStream<Uint8Array> {
    const { ReadableStream } = webStreams();
    // No chunk is queued in the stream itself: bytes read ahead are kept in this class, which can drop them.
    const stream = new ReadableStream({
      type: "bytes",
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: () => {
        this.#isSettled = true;
        return this.#events.cancelled();
      },
    }, { highWaterMark: 0 });
    this.#settle();
    queueMicrotask(() => this.#serveStaleRead());
    return stream;
  }

  /** Returns whether the chunk's memory stays in use; false when its bytes have been copied or dropped. */
  push(chunk: Uint8Array): boolean {
    this.received += chunk.length;
    if (this.#isDiscarding || chunk.length === 0) return false;
    const isAsked = this.#isAwaited && this.#stream?.locked === true;
    const mayCopy = isAsked && !this.#isAwaitedTwice;
    this.#isAwaited = this.#isAwaitedTwice = false;
    const isKept = isAsked || this.#hasStaleRead ? this.#tryDeliver(chunk, mayCopy) : this.#keep(chunk);
    if (this.#length >= MAX_QUEUED_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#bytes.pause();
    }
    return isKept;
  }

  /**
   * Whether a read into a reader's own buffer is pending in the stream. If nothing was pulled for it, its reader was
   * released: the reads of the next reader come behind it, and pull nothing either (Streams Standard,
   * ReadableByteStreamControllerPullInto).
   */
  get #hasStaleRead(): boolean {
    return (this.#controller?.byobRequest ?? null) !== null;
  }

  #keep(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return true;
  }

  #pull(): void {
    if (this.#chunks.length > 0) this.#deliverNext();
    else {
      this.#isAwaitedTwice = this.#isAwaited;
      this.#isAwaited = true;
    }
    this.#settle();
    if (this.#chunks.length > 0) queueMicrotask(() => this.#serveStaleRead());
  }

  #deliverNext(): void {
    const chunk = this.#chunks.shift()!;
    this.#length -= chunk.length;
    this.#tryDeliver(chunk, false);
    if (this.#isPaused && this.#length < MAX_QUEUED_BYTES) this.#resume();
  }

  /** Gives waiting bytes to the stream where a released reader has left a read. */
  #serveStaleRead(): void {
    if (this.#isSettled || this.#chunks.length === 0 || !this.#hasStaleRead) return;
    this.#deliverNext();
    this.#settle();
  }

  /** Node 20 fails an assertion of its streams after a reader with a partly filled read was released. */
  #tryDeliver(chunk: Uint8Array, mayCopy: boolean): boolean {
    try {
      return this.#deliver(chunk, mayCopy);
    } catch (error) {
      this.#events.failed(error);
      return true;
    }
  }

  /** Gives the chunk to the stream. Returns whether its memory stays in use: a reader's own buffer may get a copy. */
  #deliver(chunk: Uint8Array, mayCopy: boolean): boolean {
    const request = mayCopy && this.#bytes.reusesMemory ? this.#controller?.byobRequest : undefined;
    const view = request?.view;
    if (!view || view.byteLength < chunk.length) {
      this.#controller?.enqueue(chunk as Uint8Array<ArrayBuffer>);
      return true;
    }
    new Uint8Array(view.buffer, view.byteOffset).set(chunk);
    request!.respond(chunk.length);
    return false;
  }

  #resume(): void {
    this.#isPaused = false;
    this.#bytes.resume();
  }

  /** No more bytes will arrive. Those here can still be read, then the stream ends, or errors with the failure. */
  end(failure?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#failure = failure;
    this.#settle();
  }

  /** Ends reading now. Later bytes are read from the kernel, so that the peer can continue, and dropped. */
  discard(): void {
    this.#isDiscarding = true;
    this.#chunks.length = this.#length = 0;
    if (this.#isPaused) this.#resume();
    this.#failure = undefined;
    this.#hasEnded = true;
    this.#settle();
  }

  #settle(): void {
    const controller = this.#controller;
    if (!controller || !this.#hasEnded || this.#isSettled || this.#chunks.length > 0) return;
    // An error would drop the bytes still in the stream. After these have been read, the stream pulls again.
    if (this.#failure !== undefined && this.#queued > 0) return;
    this.#isSettled = true;
    if (this.#failure !== undefined) return controller.error(this.#failure);
    try {
      controller.close();
    } catch {
      // A read into elements of several bytes has got a part of one: the stream has failed with its own error.
      return;
    }
    // A pending read into the reader's own buffer ends only when the buffer is returned.
    controller.byobRequest?.respond(0);
  }
}
