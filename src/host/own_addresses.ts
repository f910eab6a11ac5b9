import { networkInterfaces } from "node:os";
import { isLocalhost, sameEndpoint } from "../core/endpoint.ts";

/** The unspecified addresses: a server that binds one accepts on every address of the machine. */
export const EVERY_ADDRESS: readonly string[] = ["0.0.0.0", "::"];

/** Loopback (RFC 1122, 3.2.1.3), and the unspecified addresses, which connect() treats as loopback. */
const LOOPBACK = /^(::ffff:)?(127\.[\d.]+|0\.0\.0\.0)$/i;
const LOOPBACK_IPV6: readonly string[] = ["::1", "::"];

/**
 * Whether `hostname` is certainly this host: loopback, or an address of one of its interfaces. Names other than
 * localhost are not resolved.
 *
 * @param mayList whether this process may list the interfaces
 */
export function isOnThisHost(hostname: string, mayList: () => boolean): boolean {
  if (isLocalhost(hostname) || LOOPBACK.test(hostname)) return true;
  const isSame = (address: string): boolean => sameEndpoint({ hostname, port: 1 }, { hostname: address, port: 1 });
  if (LOOPBACK_IPV6.some(isSame)) return true;
  const isLiteral = /^[\d.]+$|:/.test(hostname);
  return isLiteral && mayList() &&
    Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => isSame(address)));
}
