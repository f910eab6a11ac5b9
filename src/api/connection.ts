import type { ByteStream } from "../core/byte_stream.ts";
import type { Endpoint, EndpointPair } from "../core/endpoint.ts";

/** A connection to a real peer. Names are those of the WinterTC Sockets API where it has one. */
export interface Connection extends AsyncDisposable {
  /** This end, as the kernel reports it. */
  readonly local: Endpoint;
  /** The peer, as the kernel reports it: the address that answered, never a name. */
  readonly remote: Endpoint;
  /**
   * What the peer sends, read only as fast as it is consumed. When the peer ends, this ends, and the connection is
   * closed once everything written is on its way. Errors when the connection fails.
   */
  readonly readable: ReadableStream<Uint8Array>;
  /** What the peer gets; a write resolves when the runtime takes more. Closing it sends FIN; reading goes on. */
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves when the connection is closed, by whichever side; rejects with the error when it failed. */
  readonly closed: Promise<void>;
  /** Closes both directions after what was written. Safe to call twice. */
  close(): Promise<void>;
  /**
   * Drops the connection at once, with a reset that leaves no TIME-WAIT. `Deno.TcpConn` has no way to send one: there
   * it is a plain close without waiting.
   */
  reset(): void;
  /** The runtime's own object: `Deno.TcpConn`, `Bun.Socket`, or `net.Socket` where that was needed. */
  readonly native: unknown;
}

/**
 * Makes web streams of a byte stream. One direction ending, failing or being cancelled is the other's business too.
 *
 * @internal
 */
export class ByteStreamConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly native: unknown;
  readonly closed: Promise<void>;
  readonly #stream: ByteStream;
  #resolveClosed!: () => void;
  #rejectClosed!: (error: unknown) => void;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #writableController: WritableStreamDefaultController | undefined;
  #lastWrite: Promise<void> | undefined;
  #isReadEnded = false;
  #closing: Promise<void> | undefined;

  constructor(stream: ByteStream, { local, remote }: EndpointPair, native: unknown) {
    this.#stream = stream;
    this.local = local;
    this.remote = remote;
    this.native = native;
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = await this.#guarded(() => this.#stream.read());
        if (chunk !== null) return controller.enqueue(chunk);
        controller.close();
        this.#isReadEnded = true;
        await this.#lastWrite?.catch(() => {});
        this.#writableController?.error(new Error("Cannot write: the peer has closed the connection"));
        await this.close();
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writableController = controller;
      },
      write: (chunk) => {
        if (!(chunk instanceof Uint8Array)) {
          throw new TypeError(`Cannot write: expected a Uint8Array, got ${typeof chunk}`);
        }
        return this.#lastWrite = this.#guarded(() => this.#stream.write(chunk));
      },
      close: async () => {
        if (this.#isReadEnded) return await this.close();
        await this.#guarded(() => this.#stream.closeWrite());
      },
      abort: () => this.reset(),
    });
  }

  /** Runs one operation; what goes wrong with one direction ends the connection. */
  async #guarded<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      this.#stream.reset();
      // Whoever does not look at `closed` learns of the failure from the streams.
      this.closed.catch(() => {});
      this.#rejectClosed(error);
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  #close(): Promise<void> {
    const closeStream = (): Promise<void> => this.#stream.close();
    const isClosed = this.#lastWrite ? this.#lastWrite.then(closeStream, closeStream) : closeStream();
    return isClosed.then(this.#resolveClosed);
  }

  reset(): void {
    this.#closing ??= Promise.resolve();
    this.#stream.reset();
    this.#resolveClosed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
