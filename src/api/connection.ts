import { type ByteStream, connectionFailure } from "../core/byte_stream.ts";
import { type Endpoint, type EndpointPair, toHostname } from "../core/endpoint.ts";
import { ownProperties } from "../core/checks.ts";
import { Incoming } from "./incoming.ts";
import { awaitPeer } from "./linger.ts";
import { Outgoing } from "./outgoing.ts";
import { assertTlsOptions, type StartTlsOptions } from "./start_tls.ts";

/** Bytes in memory that no other thread shares: what Blob, DecompressionStream and the like take. */
export type OwnBytes = ReturnType<Uint8ArrayConstructor["of"]>;

/**
 * A connection to a real peer. The names are those of the WinterTC Sockets API, where it has one. Give the runtime's
 * type of `native` where it is known: `const connection: Connection<Deno.TcpConn> = await connect(...)`.
 */
export interface Connection<Native = unknown> extends AsyncDisposable {
  /** This end, as the kernel reports it. */
  readonly local: Endpoint;
  /** The peer, as the kernel reports it: the address that answered, never a name. */
  readonly remote: Endpoint;
  /**
   * The bytes from the peer, as a byte stream. At most 64 KiB and one chunk are read ahead. Each chunk has its own
   * memory. Deno is slow to allocate it: for a large transfer there, read into one reused buffer with
   * `getReader({ mode: "byob" })`. The stream ends when the peer ends or the connection is closed, and errors when
   * the connection fails. Cancelling the stream, for example by leaving a `for await` loop, closes the connection.
   */
  readonly readable: ReadableStream<OwnBytes>;
  /**
   * The bytes to the peer. A write resolves when the kernel has taken it. Closing the stream sends FIN; reading goes
   * on. Aborting the stream drops the connection at once, as `reset()` does.
   */
  readonly writable: WritableStream<Uint8Array>;
  /**
   * Resolves when the connection is closed, by this end or by the peer; rejects with the connection's failure, the same
   * as that of reads and writes: `ECONNRESET` when the peer has reset it. It settles without a reader or a writer,
   * unless the peer has sent more than is read ahead.
   */
  readonly closed: Promise<void>;
  /**
   * Sends everything that was passed to `writable`, then closes both directions. Reading ends at once. Resolves when
   * the connection is closed, even if it failed; `closed` tells which. Safe to call twice.
   *
   * The descriptor stays open until the peer has ended too, because closing it earlier could destroy bytes on their
   * way. It is closed anyway after 0.1 s without incoming data (1 s if more than 64 KiB were written).
   */
  close(): Promise<void>;
  /**
   * Drops the connection at once, with a reset that leaves no TIME-WAIT. `Deno.TcpConn` cannot send a reset: there this
   * is a plain close without waiting.
   */
  reset(): void;
  /**
   * Continues over TLS with the same peer, even after plain bytes were exchanged; resolves when the peer's certificate
   * has been verified. The streams of this connection then no longer work; closing it closes the new one.
   *
   * @throws Error while a read is pending, with unread bytes or unsent writes, and when the connection is closed, also
   * during the handshake
   * @throws the error of `node:tls` when the peer cannot be verified; the connection is dropped then
   */
  startTls<Native = unknown>(options?: StartTlsOptions): Promise<Connection<Native>>;
  /** The runtime's own object: `Deno.TcpConn`, `Bun.Socket`, or `net.Socket` where needed; over TLS `TLSSocket`. */
  readonly native: Native;
}

/** The settings of a connection. */
export interface ConnectionSettings {
  /** The name or address that was dialed. */
  readonly hostname?: string | undefined;
  /** Whether writing goes on after the peer's end. */
  readonly allowHalfOpen?: boolean | undefined;
}

/**
 * Makes web streams of a byte stream. On every runtime only this class decides how a connection ends.
 *
 * @internal
 */
export class ByteStreamConnection<Native = unknown> implements Connection<Native> {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly native: Native;
  readonly closed: Promise<void>;
  readonly #bytes: ByteStream;
  readonly #settings: ConnectionSettings;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  #resolveClosed!: () => void;
  #rejectClosed!: (error: unknown) => void;
  #hasPeerEnded = false;
  #isWriteClosed = false;
  /** The byte stream was closed, dropped, or has failed. */
  #isOver = false;
  #failure: unknown;
  #closing: Promise<void> | undefined;
  #fin: Promise<void> | undefined;
  #stopWaiting: (() => void) | undefined;
  #secure: Connection | undefined;
  #abandonTls: (() => void) | undefined;

  constructor(bytes: ByteStream, pair: EndpointPair, native: Native, settings: ConnectionSettings = {}) {
    this.#bytes = bytes;
    this.local = pair.local;
    this.remote = pair.remote;
    this.native = native;
    this.#settings = settings;
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    // A program that does not use `closed` learns of the failure from the streams.
    this.closed.catch(() => {});
    this.#incoming = new Incoming(bytes, {
      failed: (error) => void this.#fail(error),
      cancelled: () => this.close(),
    });
    this.#outgoing = new Outgoing(bytes, {
      failed: (error) => this.#fail(error),
      closed: () => this.#closeWrite(),
      aborted: () => this.reset(),
    });
    bytes.listen({
      data: (chunk) => this.#incoming.push(chunk),
      end: () => this.#onPeerEnd(),
      failed: (error) => this.#fail(error),
    });
  }

  get readable(): ReadableStream<OwnBytes> {
    return this.#incoming.stream as ReadableStream<OwnBytes>;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#outgoing.stream;
  }

  #onPeerEnd(): void {
    this.#hasPeerEnded = true;
    this.#incoming.end();
    this.#stopWaiting?.();
    if (this.#isWriteClosed || !this.#settings.allowHalfOpen) void this.#flushAndClose();
  }

  /** The user has closed `writable`. */
  async #closeWrite(): Promise<void> {
    if (this.#isOver) return;
    await this.#sendFin();
    this.#isWriteClosed = true;
    if (this.#hasPeerEnded) void this.#flushAndClose();
  }

  async #sendFin(): Promise<void> {
    try {
      await (this.#fin ??= this.#bytes.closeWrite());
    } catch (error) {
      if (!this.#isOver) throw this.#fail(error);
    }
  }

  /** Reads, writes and `closed` all report the first failure. */
  #fail(error: unknown): unknown {
    if (this.#isOver) return this.#failure ?? error;
    this.#failure = connectionFailure(error);
    this.#drop(this.#failure);
    this.#incoming.end(this.#failure);
    this.#rejectClosed(this.#failure);
    return this.#failure;
  }

  #drop(reason: unknown): void {
    this.#isOver = true;
    this.#bytes.reset();
    this.#outgoing.fail(reason);
    this.#stopWaiting?.();
  }

  #flushAndClose(): Promise<void> {
    return this.#closing ??= this.#doFlushAndClose();
  }

  async #doFlushAndClose(): Promise<void> {
    await this.#outgoing.drain();
    // A connection whose streams were never used has no bytes to lose: it only proved that the peer is there.
    const isUsed = this.#incoming.isUsed || this.#outgoing.isUsed;
    if (isUsed && !this.#isOver && !this.#hasPeerEnded) {
      await this.#sendFin().catch(() => {});
      if (!this.#isOver && !this.#hasPeerEnded) {
        const { stop, done } = awaitPeer(this.#outgoing.sent, () => this.#incoming.received);
        this.#stopWaiting = stop;
        await done;
      }
    }
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#bytes.close();
    this.#incoming.end();
    this.#outgoing.end();
    this.#resolveClosed();
  }

  close(): Promise<void> {
    if (this.#secure) return this.#secure.close();
    // A handshake has nothing to flush.
    if (this.#abandonTls) this.reset();
    if (!this.#isOver) {
      this.#incoming.discard();
      void this.#flushAndClose();
    }
    return this.closed.catch(() => {});
  }

  reset(): void {
    if (this.#secure) return this.#secure.reset();
    if (this.#isOver) return;
    const message = "Cannot write: this end has dropped the connection";
    this.#drop(Object.assign(new Error(message), { code: "ECONNABORTED", syscall: "write" }));
    this.#incoming.discard();
    this.#abandonTls?.();
    this.#resolveClosed();
  }

  async startTls<Native = unknown>(options: StartTlsOptions = {}): Promise<Connection<Native>> {
    assertTlsOptions(options);
    const own = ownProperties(options);
    const given = own.hostname ?? this.#settings.hostname ?? this.remote.hostname;
    const hostname = toHostname(given) ?? given;
    const { startTls } = await import("../adapters/node/tls_stream.ts");
    const reason = this.#busy();
    if (reason !== undefined) throw new Error(`Cannot start TLS: ${reason}`);
    const attempt = startTls(this.#bytes, Object.assign(own, { hostname }));
    this.#abandonTls = attempt.abandon;
    try {
      const { bytes, socket } = await attempt.opened;
      return this.#handOver(bytes, socket as Native, hostname);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Why TLS cannot start now; undefined when it can. */
  #busy(): string | undefined {
    if (this.#secure || this.#abandonTls) return "it has been started already";
    if (this.#isOver || this.#closing || this.#hasPeerEnded) return "the connection is closed";
    return this.#incoming.inUse ?? this.#outgoing.inUse;
  }

  /** Hands the bytes to a new connection over TLS; this connection closes when the new one does. */
  #handOver<Native>(bytes: ByteStream, native: Native, hostname: string): Connection<Native> {
    this.#isOver = true;
    this.#incoming.discard();
    this.#outgoing.fail(new Error("Cannot write: the connection goes on over TLS"));
    const secure = new ByteStreamConnection(bytes, this, native, { ...this.#settings, hostname });
    secure.closed.then(this.#resolveClosed, this.#rejectClosed);
    this.#secure = secure;
    return secure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
