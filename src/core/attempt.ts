import type { Endpoint, EndpointPair } from "./endpoint.ts";

/** What one attempt dials. */
export interface Target extends Endpoint {
  /** The local address and port to bind before connecting. */
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** The name that was looked up, if `hostname` is one of its addresses. */
  readonly name?: string | undefined;
}

/** One try to open a connection. The caller can abandon it. */
export interface Attempt<Socket> {
  /** Settles once, with the socket or the runtime's own error. */
  readonly opened: Promise<Socket>;
  /**
   * Stops trying as far as the runtime can, and lets the process end. `opened` may still resolve: the core then resets
   * a self-connection and closes any other socket.
   */
  abandon(): void;
}

/** Watches whether the peer keeps a connection open. */
export interface PeerWatch {
  /** Resolves when the peer has hung up or the connection has failed. */
  readonly hungUp: Promise<void>;
  /** Ends the watch. The next reader gets the bytes that were read meanwhile. */
  stop(): void;
}

/** How many bytes a `PeerWatch` reads ahead at most: a peer that has sent this many has not hung up. */
export const READ_AHEAD_BYTES: number = 1 << 20;

/** What a runtime does with TCP: it opens, reports and closes. The core compares, retries and keeps the time. */
export interface Adapter<Socket> {
  /** `mayAbandon`: the caller may abandon the attempt. Some runtimes have to prepare for that. */
  open(target: Target, mayAbandon: boolean): Attempt<Socket>;
  /** Both ends as the kernel reports them; null when the socket is gone. */
  endpoints(socket: Socket): EndpointPair | null;
  /**
   * The local port alone, which costs less than both ends; undefined when the socket is gone. For adapters whose caller
   * gets the native socket: a local port other than the dialed one proves a real peer.
   */
  readonly localPort?: ((socket: Socket) => number | undefined) | undefined;
  /**
   * Closes at once with a reset where the runtime can (RFC 9293, 3.5.2), so that no TIME-WAIT keeps the port. Safe to
   * call twice.
   */
  reset(socket: Socket): void;
  /** Closes at once and frees everything. Safe to call twice. */
  close(socket: Socket): void;
  /** For `stableFor`. */
  watchPeer(socket: Socket): PeerWatch;
  /**
   * All addresses of a name; null where this process may not ask for them. Then, and without this function, the runtime
   * resolves the name itself when it dials.
   */
  readonly lookup?: ((hostname: string) => Promise<readonly string[] | null>) | undefined;
  /** Publishes a rejected self-connection to the subscribers in this process. */
  publish(pair: EndpointPair): void;
}

/** What one call has tried so far; updated while it runs. */
export interface AttemptCounts {
  /** Connects made. One connect to a name, to all its addresses, counts once. */
  attempts: number;
  /** How many sockets the kernel had connected to themselves. */
  selfConnects: number;
  /** Why the last attempt failed; undefined before the first failure. */
  lastError: unknown;
}

/** Tells when a port of this host may have been opened. It is a hint: only a connect decides. */
export interface Hint {
  /** Calls back when something has changed, until the returned function is called. */
  watch(onChange: () => void): () => void;
  /** Frees the resources of the hint. */
  close(): void;
}
