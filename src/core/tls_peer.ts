import { ipVersion, unmapped } from "./endpoint.ts";

/** The names of a peer in a TLS handshake. */
export interface TlsPeer {
  /** What the peer's certificate must be for. */
  readonly host: string;
  /** The name that is sent to the peer; empty for an address. */
  readonly servername: string;
}

/**
 * The names of the peer at this host. A certificate knows neither zones nor mapped addresses, and the name that is sent
 * has no dot at its end (RFC 6066, 3): some servers end the handshake because of one.
 */
export function tlsPeer(hostname: string): TlsPeer {
  const host = unmapped(hostname).replace(/%.*$/, "").replace(/\.$/, "");
  return { host, servername: ipVersion(host) === 0 ? host : "" };
}
