import { lookup as systemLookup, type LookupAddress, Resolver } from "node:dns";
import type { LookupFunction, TcpNetConnectOpts } from "node:net";

/** How long the system's resolver may take before the name servers are asked directly as well. */
const SLOW_MS = 500;

/** Lookups by the system that are under way: there is never more than one for a name. */
const underWay = new Map<string, Promise<string[]>>();

function askSystem(hostname: string): Promise<string[]> {
  const known = underWay.get(hostname);
  if (known !== undefined) return known;
  const asked = new Promise<string[]>((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => {
      underWay.delete(hostname);
      if (error) reject(error);
      else resolve(addresses.map(({ address }) => address));
    });
  });
  underWay.set(hostname, asked);
  return asked;
}

/** Asks the name servers without a thread of the pool; resolves only with addresses. */
function askServers(hostname: string, onAnswer: (addresses: string[]) => void): () => void {
  const resolver = new Resolver();
  const take = (error: Error | null, addresses: string[]): void => {
    if (error === null && addresses.length > 0) onAnswer(addresses);
  };
  resolver.resolve4(hostname, take);
  resolver.resolve6(hostname, take);
  return () => resolver.cancel();
}

/**
 * All addresses of a name, as the system resolves it: hosts file and all. Calls for one name share the lookup that is
 * under way.
 *
 * getaddrinfo(3) blocks one of libuv's four threads until it has an answer: four names whose server is silent would keep
 * every other name waiting. So the name servers are asked directly as well when the system takes long; the first
 * addresses win, and a failure is always the system's.
 */
export function lookup(hostname: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let cancel = (): void => {};
    const timer = setTimeout(() => cancel = askServers(hostname, resolve), SLOW_MS);
    askSystem(hostname).then(resolve, reject).finally(() => {
      clearTimeout(timer);
      cancel();
    });
  });
}

/** The same by the caller's own `lookup` function or for one `family`, as `net.connect` takes them. */
export function lookupWith(
  { lookup: given, family = 0 }: Pick<TcpNetConnectOpts, "lookup" | "family">,
): (hostname: string) => Promise<readonly string[]> {
  const look: LookupFunction = given ?? systemLookup;
  return (hostname) =>
    new Promise((resolve, reject) => {
      look(hostname, { all: true, family }, (error, address: string | LookupAddress[]) => {
        if (error) reject(error);
        else resolve(typeof address === "string" ? [address] : address.map(({ address }) => address));
      });
    });
}
