import type { EndpointPair } from "../core/endpoint.ts";

/** The properties of a `net.Socket` or `Bun.Socket` that are compared. */
export interface SocketLike {
  /** Undefined before the socket is connected and, on Bun, after it is closed. */
  readonly localAddress?: string | undefined;
  /** See `localAddress`. */
  readonly localPort?: number | undefined;
  /** Undefined before the peer has answered. */
  readonly remoteAddress?: string | undefined;
  /** See `remoteAddress`. */
  readonly remotePort?: number | undefined;
}

/**
 * Both ends of a socket; null before it is connected and after it is closed: Bun then has 0 and "" for some.
 *
 * @internal
 */
export function endpoints({ localAddress, localPort, remoteAddress, remotePort }: SocketLike): EndpointPair | null {
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return null;
  return {
    local: { hostname: localAddress, port: localPort },
    remote: { hostname: remoteAddress, port: remotePort },
  };
}
