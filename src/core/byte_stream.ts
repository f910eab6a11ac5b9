import type { Adapter } from "./attempt.ts";

/** The receiver of the bytes that arrive, and of their end. */
export interface ByteStreamListener {
  /** The next bytes. Their whole ArrayBuffer is the listener's from now on, unless it returns false: it has copied them. */
  data(chunk: Uint8Array): boolean;
  /** The peer has ended its direction; writing may go on. */
  end(): void;
  /** The connection is gone. */
  failed(error: unknown): void;
}

/** The bytes of one connection, both ways. What a runtime implements, so that api/connection.ts can make web streams of it. */
export interface ByteStream {
  /** Reports to `listener` from now on: first what was kept until now, then every event at once, also without a reader. */
  listen(listener: ByteStreamListener): void;
  /** Asks for no more bytes. What is under way still arrives. */
  pause(): void;
  resume(): void;
  /** Resolves when the kernel has taken all of the chunk; undefined when it has already. Never called while one is pending. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Sends FIN; reading goes on. Only called after the last write has resolved. */
  closeWrite(): Promise<void>;
  /** Closes both directions; what the kernel has taken is still sent. Resolves when the descriptor is free. */
  close(): Promise<void>;
  /** Drops both directions at once, with a reset where the runtime can. Safe to call twice. */
  reset(): void;
}

/** An adapter whose sockets can also be read and written in the portable way. */
export interface PortableAdapter<Socket> extends Adapter<Socket> {
  byteStream(socket: Socket): ByteStream;
}

/** How the runtimes name it when a connection is used that the peer has reset already, besides ECONNRESET itself. */
const RESET_CODES: ReadonlySet<unknown> = new Set(["EPIPE", "ECANCELED", "ERR_STREAM_DESTROYED", "ECONNABORTED"]);

/** The runtime's own error; where that names a reset in another way, an ECONNRESET with it as the cause. */
export function connectionFailure(error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown };
  if (!RESET_CODES.has(code)) return error;
  const failure = new Error("Cannot use connection: the peer has reset it", { cause: error });
  return Object.assign(failure, { code: "ECONNRESET", ...(typeof syscall === "string" ? { syscall } : {}) });
}
