import type { Endpoint, EndpointPair } from "./endpoint.ts";

/** What one attempt dials. */
export interface Target extends Endpoint {
  /** Address and port the client end is bound to first. */
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** One try to open a connection, which can be given up. */
export interface Attempt<Socket> {
  /** Settles once, with the socket or the runtime's own error. */
  readonly opened: Promise<Socket>;
  /**
   * Stops trying as far as the runtime can, and lets the process end. `opened` may still resolve: the core then resets a
   * self-connection and closes any other socket.
   */
  abandon(): void;
}

/** Watches whether the peer keeps a connection open. */
export interface PeerWatch {
  /** Resolves when the peer has hung up or the connection has failed. */
  readonly hungUp: Promise<void>;
  /** Ends the watch. What was read meanwhile is given back to the next reader. */
  stop(): void;
}

/** How much a `PeerWatch` reads ahead at most: a peer that has sent this much has not hung up. */
export const READ_AHEAD_BYTES: number = 1 << 20;

/** What a runtime can do with TCP: it opens, reports and closes. Comparing, retrying and timing are the core's. */
export interface Adapter<Socket> {
  /** `mayAbandon` tells that the attempt may be given up, for which some runtimes have to prepare. */
  open(target: Target, mayAbandon: boolean): Attempt<Socket>;
  /** Both ends as the kernel reports them; null when the socket is gone. */
  endpoints(socket: Socket): EndpointPair | null;
  /**
   * The port of this end alone, at a lower price than both ends; undefined when the socket is gone. For an adapter whose
   * caller gets the socket as it is: a real peer is proved by it.
   */
  localPort?(socket: Socket): number | undefined;
  /** Closes at once with a reset where the runtime can (RFC 9293, 3.5.2), so that no TIME-WAIT keeps the port. Safe to call twice. */
  reset(socket: Socket): void;
  /** Closes at once and frees everything. Safe to call twice. */
  close(socket: Socket): void;
  /** For `stableFor`. */
  watchPeer(socket: Socket): PeerWatch;
  /** All addresses of a name, where the runtime may look names up; without it a name is dialed by name. */
  lookup?(hostname: string): Promise<readonly string[]>;
  /** Tells the process that a self-connection was rejected. */
  publish(pair: EndpointPair): void;
}

/** What was tried so far in one call; kept up to date while it runs. */
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
  /** Frees what the hint holds. */
  close(): void;
}
