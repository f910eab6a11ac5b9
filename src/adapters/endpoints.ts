import type { EndpointPair } from "../core/endpoint.ts";

/** The ends of a `net.Socket` or a `Bun.Socket`: of one that is closed the former has undefined, the latter 0 and "". */
interface SocketEnds {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Both ends of such a socket; null before it is connected and after it is closed. */
export function endpoints({ localAddress, localPort, remoteAddress, remotePort }: SocketEnds): EndpointPair | null {
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return null;
  return {
    local: { hostname: localAddress, port: localPort },
    remote: { hostname: remoteAddress, port: remotePort },
  };
}
