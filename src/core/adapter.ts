import type { Endpoint, EndpointPair } from "./endpoint.ts";

/** What one attempt dials. */
export interface Target extends Endpoint {
  /** Address and port the client end is bound to first. */
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** How much `isStable` reads ahead at most: a peer that has sent this much has not hung up on anybody. */
export const READ_AHEAD_BYTES: number = 1 << 20;

/**
 * For how long a connect that was given up may still succeed before its socket is closed. A self-connection is complete
 * as soon as connect(2) returns, but the runtime tells only in one of the next turns of its event loop, which on a busy
 * machine may come late.
 */
export const LATE_MS = 50;

/** What a runtime can do with TCP: it opens, reports and closes. Comparing, retrying and timing are the core's. */
export interface Adapter<Socket> {
  readonly runtime: "deno" | "bun" | "node";
  /** Opens one connection. Rejects with the runtime's own error or `signal.reason`; a socket that opens after that is closed. */
  open(target: Target, signal?: AbortSignal): Promise<Socket>;
  /** Both ends as the kernel reports them; null when the socket is gone. */
  endpoints(socket: Socket): EndpointPair | null;
  /** The port of this end alone, at the lowest price; undefined when the socket is gone. */
  localPort(socket: Socket): number | undefined;
  /** Closes a self-connection at once, with a reset (RFC 9293, 3.5.2), so that no TIME-WAIT keeps the port. Safe to call twice. */
  reset(socket: Socket): void;
  /** Closes at once and frees everything. Safe to call twice. */
  close(socket: Socket): void;
  /**
   * Watches for `ms` whether the peer keeps the connection open: true when it did, false when it hung up. What arrives
   * meanwhile is kept for whoever reads next. Rejects with `signal.reason`.
   */
  isStable(socket: Socket, ms: number, signal?: AbortSignal): Promise<boolean>;
  /** Tells the process that a self-connection was rejected. */
  publish(pair: EndpointPair): void;
}

/** The byte pipe that the portable API makes web streams of. */
export interface Wire {
  /** The next bytes, or null once the peer has ended; rejects when the connection failed. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the runtime takes more. */
  write(chunk: Uint8Array): Promise<void>;
  /** Sends FIN after what was written; reading goes on. */
  closeWrite(): Promise<void>;
  /** Closes both directions after what was written. */
  close(): Promise<void>;
  /** Drops both directions at once, with a reset where the runtime can. */
  reset(): void;
}

/** An adapter whose sockets can also be read and written in the portable way. */
export interface PortableAdapter<Socket> extends Adapter<Socket> {
  wire(socket: Socket): Wire;
}
