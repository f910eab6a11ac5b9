import { webStreams } from "../adapters/web_streams.ts";
import type { ByteStream } from "../core/byte_stream.ts";

/**
 * How much is read before it is asked for. Some is needed: the end of a connection arrives behind its bytes, and would
 * not be noticed without a reader.
 */
const READ_AHEAD_BYTES = 65536;

/** The direction from the peer to us: what has arrived, how it ended, and the stream that shows both. */
export class Incoming {
  readonly #bytes: ByteStream;
  readonly #onCancel: () => Promise<void>;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #isPaused = false;
  /** Whether a reader waits for a chunk, so that none is queued. */
  #isAwaited = false;
  /**
   * Whether it was asked for again meanwhile: by a second read, or by the reader that follows one that was released. What
   * answers the read of the released one into its buffer does not reach that reader (Streams Standard,
   * ReadableByteStreamControllerRespondInReadableState), what is enqueued does.
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

  constructor(bytes: ByteStream, onCancel: () => Promise<void>) {
    this.#bytes = bytes;
    this.#onCancel = onCancel;
  }

  get stream(): ReadableStream<Uint8Array> {
    return this.#stream ??= this.#makeStream();
  }

  /** Whether the stream was ever asked for. */
  get isUsed(): boolean {
    return this.#stream !== undefined;
  }

  /** What keeps the bytes that follow from being read by anything but this stream; undefined when nothing does. */
  get inUse(): string | undefined {
    if (this.#isAwaited) return "a read is pending";
    const length = this.#length + this.#queued;
    return length > 0 ? `${length} bytes that have arrived were not read` : undefined;
  }

  /** How many bytes are in the stream itself: those that answered the read of a reader that was released. */
  get #queued(): number {
    return -(this.#controller?.desiredSize ?? 0);
  }

  #makeStream(): ReadableStream<Uint8Array> {
    const { ReadableStream } = webStreams();
    // Nothing is queued in the stream itself: what is read ahead is kept here, where it can be dropped.
    const stream = new ReadableStream({
      type: "bytes",
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: () => {
        this.#isSettled = true;
        return this.#onCancel();
      },
    }, { highWaterMark: 0 });
    this.#settle();
    return stream;
  }

  /** Whether the memory of the chunk is in use from now on: its bytes may have been copied, or dropped. */
  push(chunk: Uint8Array): boolean {
    this.received += chunk.length;
    if (this.#isDiscarding || chunk.length === 0) return false;
    // Without a reader the bytes are kept here, unless the read of one that was released still waits in the stream: then
    // the next reader would ask the stream alone.
    const isAwaited = this.#isAwaited && (this.#stream?.locked || this.#controller?.byobRequest !== null);
    const mayCopy = !this.#isAwaitedTwice && this.#stream?.locked;
    this.#isAwaited = this.#isAwaitedTwice = false;
    const isKept = isAwaited ? this.#deliver(chunk, mayCopy) : this.#keep(chunk);
    if (this.#length >= READ_AHEAD_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#bytes.pause();
    }
    return isKept;
  }

  #keep(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return true;
  }

  #pull(): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) {
      this.#isAwaitedTwice = this.#isAwaited;
      this.#isAwaited = true;
    } else {
      this.#length -= chunk.length;
      this.#deliver(chunk);
      if (this.#isPaused && this.#length < READ_AHEAD_BYTES) this.#resume();
    }
    this.#settle();
  }

  /** Gives the chunk to the reader that waits. Whether its memory is still in use: a reader with a buffer gets a copy. */
  #deliver(chunk: Uint8Array, mayCopy = true): boolean {
    const request = mayCopy ? this.#controller?.byobRequest : undefined;
    if (!request?.view) {
      this.#controller?.enqueue(chunk as Uint8Array<ArrayBuffer>);
      return true;
    }
    const { buffer, byteOffset, byteLength } = request.view;
    const part = chunk.subarray(0, byteLength);
    new Uint8Array(buffer, byteOffset).set(part);
    const rest = chunk.subarray(part.length);
    if (rest.length > 0) {
      this.#chunks.unshift(rest);
      this.#length += rest.length;
    }
    // May pull at once.
    request.respond(part.length);
    return rest.length > 0;
  }

  #resume(): void {
    this.#isPaused = false;
    this.#bytes.resume();
  }

  /** No more will arrive. What has arrived can still be read, then the stream ends, or errors with the failure. */
  end(failure?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#failure = failure;
    this.#settle();
  }

  /** Ends reading now. What arrives from now on is taken from the kernel, so that the peer can go on, and dropped. */
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
    // An error would drop what is still in the stream. Once that has been read it asks again.
    if (this.#failure !== undefined && this.#queued > 0) return;
    this.#isSettled = true;
    if (this.#failure !== undefined) return controller.error(this.#failure);
    try {
      controller.close();
    } catch {
      // A read into elements of several bytes has got half of one: the stream has ended with an error of its own.
      return;
    }
    // A pending read into the reader's own buffer ends only when that is given back.
    controller.byobRequest?.respond(0);
  }
}
