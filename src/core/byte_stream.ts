import type { Adapter } from "./attempt.ts";

/** The receiver of the bytes that arrive, and of their end. */
export interface ByteStreamListener {
  /** The next bytes. The listener owns their whole ArrayBuffer, unless it has copied them and returns false. */
  data(chunk: Uint8Array): boolean;
  /** The peer has ended its direction; writing may go on. */
  end(): void;
  /** The connection is gone; without an error where the runtime gives none. */
  failed(error?: unknown): void;
}

/** The bytes of one connection in both directions, for each runtime; api/connection.ts makes web streams of it. */
export interface ByteStream {
  /** Whether a chunk that the listener has copied saves an allocation. @defaultValue `false` */
  readonly reusesMemory?: boolean;
  /** Reports to `listener` from now on: first the buffered events, then each new one, even without a reader. */
  listen(listener: ByteStreamListener): void;
  /** Asks for no more bytes. A read that has begun still delivers its bytes. */
  pause(): void;
  resume(): void;
  /** Resolves when the kernel has taken the whole chunk; undefined when it already has. One write at a time. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Sends FIN; reading goes on. Only called after the last write has resolved. */
  closeWrite(): Promise<void>;
  /** Closes both directions; the kernel still sends the bytes it has taken. Resolves when the descriptor is free. */
  close(): Promise<void>;
  /** Drops both directions at once, with a reset where the runtime can. Safe to call twice. */
  reset(): void;
}

/** An adapter whose sockets can also be read and written in the portable way. */
export interface PortableAdapter<Socket> extends Adapter<Socket> {
  byteStream(socket: Socket): ByteStream;
}

/** The bytes in an ArrayBuffer of their own: a runtime may return a part of a buffer that it shares with other code. */
export function ownedBytes(chunk: Uint8Array): Uint8Array {
  const isWhole = chunk.byteLength === chunk.buffer.byteLength;
  return isWhole ? new Uint8Array(chunk.buffer) : new Uint8Array(chunk);
}

/**
 * The codes, besides ECONNRESET, that runtimes give to a read or write after the peer has reset the connection, or after
 * the program has closed `Connection.native`; for an error of Deno without a code its name.
 */
const RESET_CODES: ReadonlySet<unknown> = new Set([
  ...["EPIPE", "ECANCELED", "ERR_STREAM_DESTROYED", "ECONNABORTED", "ERR_SOCKET_CLOSED", "EINTR", "BadResource"],
]);

/** The runtime's error. A reset that has another code, or none, becomes an ECONNRESET error with the original as its cause. */
export function connectionFailure(error: unknown): unknown {
  const { name, code, syscall } = (error ?? {}) as Partial<Record<"name" | "code" | "syscall", unknown>>;
  if (error !== undefined && !RESET_CODES.has(code ?? name)) return error;
  const cause = error === undefined ? undefined : { cause: error };
  const failure = new Error("Cannot use connection: the peer has reset it", cause);
  return Object.assign(failure, { code: "ECONNRESET", ...(typeof syscall === "string" ? { syscall } : {}) });
}
