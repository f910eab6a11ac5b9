import type { SocketLike } from "../adapters/endpoints.ts";
import { type Endpoint, sameEndpoint } from "../core/endpoint.ts";

/** The properties of a `Deno.TcpConn` that are compared. */
export interface DenoConnLike {
  /** A `Deno.NetAddr`. */
  readonly localAddr: object;
  /** A `Deno.NetAddr`. */
  readonly remoteAddr: object;
}

/** A `Connection` of this module, or any pair of endpoints. */
export interface PairLike {
  /** This end. */
  readonly local: Endpoint | null | undefined;
  /** The other end; null or undefined before the peer has answered. */
  readonly remote: Endpoint | null | undefined;
}

function isSame(local: unknown, remote: unknown): boolean {
  const a = (local ?? {}) as Partial<Endpoint>;
  const b = (remote ?? {}) as Partial<Endpoint>;
  // Almost every connection ends here: nothing is allocated and no text is compared.
  if (a.port !== b.port || !a.port || !a.hostname || !b.hostname) return false;
  return sameEndpoint(a as Endpoint, b as Endpoint);
}

/**
 * Whether the kernel connected this socket to itself: its local and remote endpoints are the same.
 *
 * Takes a `Deno.TcpConn`, a `Bun.Socket`, a `net.Socket` or anything with `local` and `remote`. A socket without a
 * remote end, before it is connected or after it is closed, is not a self-connection.
 *
 * @throws TypeError when the value has no endpoints at all
 *
 * @example
 * ```ts
 * import { isSelfConnection } from "@realpeer/tcp";
 * const end = { hostname: "127.0.0.1", port: 40000 };
 * console.log(isSelfConnection({ local: end, remote: end })); // true
 * ```
 */
export function isSelfConnection(conn: SocketLike | DenoConnLike | PairLike): boolean {
  if (typeof conn === "object" && conn !== null) {
    if ("localAddr" in conn) return isSame(conn.localAddr, conn.remoteAddr);
    if ("localPort" in conn || "remotePort" in conn) {
      const { localPort, remotePort, localAddress, remoteAddress } = conn as SocketLike;
      if (localPort !== remotePort || !localPort || !localAddress || !remoteAddress) return false;
      return sameEndpoint({ hostname: localAddress, port: localPort }, { hostname: remoteAddress, port: localPort });
    }
    if ("local" in conn || "remote" in conn) return isSame((conn as PairLike).local, (conn as PairLike).remote);
  }
  throw new TypeError(`Cannot compare endpoints: ${conn === null ? "null" : typeof conn} has none`);
}
