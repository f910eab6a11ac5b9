import { lookup } from "node:dns/promises";
import { ipVersion, isBelowLocalhost } from "../core/endpoint.ts";

/**
 * The addresses of a host, by the system's resolver. A name below localhost that the system does not know has those of
 * localhost.
 *
 * @throws the resolver's error when the name has no address
 */
export async function addressesOf(hostname: string): Promise<string[]> {
  if (ipVersion(hostname) !== 0) return [hostname];
  const looking = lookup(hostname, { all: true });
  const found = isBelowLocalhost(hostname) ? looking.catch(() => lookup("localhost", { all: true })) : looking;
  return (await found).map(({ address }) => address);
}
