import { Duplex, finished } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { type ByteStream, type ByteStreamListener, connectionFailure } from "../../core/byte_stream.ts";
import { tlsPeer } from "../../core/tls_peer.ts";
import { byteStream } from "./byte_stream.ts";

/** The options of one TLS handshake. */
export interface TlsSettings {
  readonly hostname: string;
  readonly ca?: string | readonly string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly alpnProtocols?: readonly string[] | undefined;
  readonly insecure?: boolean | undefined;
}

/** A pending TLS handshake. */
export interface TlsAttempt {
  /** Settles once: resolves when the peer has been verified, rejects otherwise. */
  readonly opened: Promise<{ readonly bytes: ByteStream; readonly socket: TLSSocket }>;
  /** Drops the connection; `opened` then rejects. */
  abandon(): void;
}

const TICK_MS = 25;
/** How many ticks in a row must pass without data before the stream counts as ended. */
const QUIET_TICKS = 4;

/** The encrypted bytes as the stream that `node:tls` needs. */
function duplexOf(encrypted: ByteStream, onFailure: (error: unknown) => void): Duplex {
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => encrypted.resume(),
    write(chunk: Uint8Array, _encoding, callback) {
      if (chunk.length === 0) return callback();
      const writing = encrypted.write(chunk);
      if (writing === undefined) callback();
      else writing.then(() => callback(), callback);
    },
    final: (callback) => void encrypted.closeWrite().then(() => callback(), callback),
  });
  // Failures of the connection below are reported separately.
  duplex.on("error", () => {});
  encrypted.listen({
    data(chunk) {
      if (!duplex.push(chunk)) encrypted.pause();
      return true;
    },
    end: () => void duplex.push(null),
    failed: onFailure,
  });
  return duplex;
}

/** Settles once the stream has passed on everything that it has taken. */
function flushed(duplex: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null): void => error ? reject(error) : resolve();
    if (duplex.writableEnded) finished(duplex, { readable: false }, settle);
    else duplex.write(new Uint8Array(), settle);
  });
}

/** The decrypted bytes. A failure of the connection below is reported unchanged, before TLS's own error. */
class TlsByteStream implements ByteStream {
  readonly #decrypted: ByteStream;
  readonly #encrypted: ByteStream;
  readonly #duplex: Duplex;
  readonly #socket: TLSSocket;
  #listener: ByteStreamListener | undefined;
  #isPaused = false;
  #hasEnded = false;
  #quietTicks = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(encrypted: ByteStream, duplex: Duplex, socket: TLSSocket) {
    this.#encrypted = encrypted;
    this.#duplex = duplex;
    this.#decrypted = byteStream(socket);
    this.#socket = socket;
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    this.#decrypted.listen({
      data: (chunk) => {
        this.#quietTicks = 0;
        return listener.data(chunk);
      },
      end: () => this.#end(),
      failed: (error) => this.failed(error),
    });
  }

  #end(): void {
    clearInterval(this.#timer);
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#listener?.end();
  }

  failed(error: unknown): void {
    clearInterval(this.#timer);
    this.#listener?.failed(error);
  }

  /**
   * The encrypted bytes have ended. A TLSSocket of Deno 2.9 that is paused at that moment never reports the end, so
   * this method does, after time for the remaining data. Elsewhere the socket's own 'end' comes first.
   */
  endedBelow(): void {
    if (this.#hasEnded) return;
    this.#timer = setInterval(() => {
      this.#quietTicks = this.#isPaused ? 0 : this.#quietTicks + 1;
      if (this.#quietTicks >= QUIET_TICKS) this.#end();
    }, TICK_MS);
  }

  pause(): void {
    this.#isPaused = true;
    this.#decrypted.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#decrypted.resume();
  }

  /** Bun's TLSSocket reports a write as done when the stream below has it in its queue. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    const written = this.#decrypted.write(chunk);
    if (this.#duplex.writableLength === 0) return written;
    return Promise.all([written, flushed(this.#duplex)]).then(() => {});
  }

  async closeWrite(): Promise<void> {
    await this.#decrypted.closeWrite();
    if (this.#duplex.writableLength > 0) await flushed(this.#duplex);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#decrypted.close();
    await this.#encrypted.close();
  }

  reset(): void {
    clearInterval(this.#timer);
    this.#encrypted.reset();
    this.#socket.destroy();
  }
}

/**
 * Speaks TLS over a byte stream, with `node:tls` on every runtime. The runtimes' own functions cannot take over a
 * connection that is being read (`Deno.startTls` says "in use"), and name the same failure differently.
 */
export function startTls(encrypted: ByteStream, settings: TlsSettings): TlsAttempt {
  const { hostname, ca, cert, key, alpnProtocols, insecure = false } = settings;
  let abandon = (): void => {};
  const opened = new Promise<{ bytes: ByteStream; socket: TLSSocket }>((resolve, reject) => {
    let bytes: TlsByteStream | undefined;
    const onFailure = (error: unknown): void => {
      if (bytes !== undefined) return bytes.failed(error);
      reject(connectionFailure(error));
      abandon();
    };
    const duplex = duplexOf(encrypted, onFailure);
    // Each option is an own property: what stands on Object.prototype may not decide which peer is trusted.
    const options: ConnectionOptions = {
      socket: duplex,
      ...tlsPeer(hostname),
      ca: typeof ca === "string" ? ca : ca && [...ca],
      cert,
      key,
      ALPNProtocols: alpnProtocols && [...alpnProtocols],
      rejectUnauthorized: !insecure,
    };
    const socket = connect(options);
    abandon = () => {
      reject(Object.assign(new Error("Cannot start TLS: the connection was dropped"), { code: "ECONNABORTED" }));
      encrypted.reset();
      socket.destroy();
    };
    const onClose = (): void => {
      const message = "Cannot start TLS: the peer has closed the connection";
      onFailure(Object.assign(new Error(message), { code: "ECONNRESET" }));
    };
    socket.on("error", onFailure).on("close", onClose).once("secureConnect", () => {
      socket.off("error", onFailure).off("close", onClose);
      bytes = new TlsByteStream(encrypted, duplex, socket);
      duplex.once("end", () => bytes?.endedBelow());
      resolve({ bytes, socket });
    });
  });
  return { opened, abandon: () => abandon() };
}
