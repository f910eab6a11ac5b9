import { lookup as systemLookup, type LookupAddress } from "node:dns";
import type { LookupFunction, TcpNetConnectOpts } from "node:net";
import { show } from "../../core/checks.ts";
import { ipVersion, isBelowLocalhost } from "../../core/endpoint.ts";
import { assertMayLookUp } from "../detect.ts";
// Imported statically: on Bun a later import would wait for the same threads.
import { lookUpDirectly, LOOPBACK } from "./lookup_directly.ts";

/** How long the system's resolver may take before the name is also looked up directly. */
const SLOW_MS = 500;
/** The same while so many other lookups are pending that libuv may not have begun with this one. */
const QUEUED_MS = 50;
/** How many lookups libuv makes at a time: half of the four threads of its pool. */
const SYSTEM_LOOKUPS = 2;

/** The pending lookups by the system, at most one for each name. */
const underWay = new Map<string, Promise<readonly string[]>>();

function askSystem(hostname: string): Promise<readonly string[]> {
  const known = underWay.get(hostname);
  if (known !== undefined) return known;
  const asked = lookupWith({})(hostname).finally(() => underWay.delete(hostname));
  underWay.set(hostname, asked);
  return asked;
}

/**
 * All addresses of a name from the system's resolver, which also reads the hosts file. Calls for the same name share a
 * pending lookup.
 *
 * getaddrinfo(3) blocks one of libuv's four threads until it has an answer: four names with a silent server would block
 * the lookup of every other name. So a name is also looked up directly when the system takes long. The first addresses
 * win; a failure is always that of the system.
 */
export function lookup(hostname: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    assertMayLookUp(hostname);
    let cancel = (): void => {};
    const mayBeQueued = underWay.size >= SYSTEM_LOOKUPS && !underWay.has(hostname);
    const timer = setTimeout(() => cancel = lookUpDirectly(hostname, resolve), mayBeQueued ? QUEUED_MS : SLOW_MS);
    askSystem(hostname).then(resolve, reject).finally(() => {
      clearTimeout(timer);
      cancel();
    });
  });
}

/** The same with the options `lookup`, `family` and `hints` of `net.connect`. */
export function lookupWith(
  { lookup: given, family = 0, hints = 0 }: Pick<TcpNetConnectOpts, "lookup" | "family" | "hints">,
): (hostname: string) => Promise<readonly string[]> {
  if (given && typeof given !== "function") {
    throw new TypeError(`Cannot connect: lookup must be a function, got ${show(given)}`);
  }
  const look: LookupFunction = given || systemLookup;
  return (hostname) =>
    new Promise((resolve, reject) => {
      look(hostname, { all: true, family, hints }, (error, address: string | LookupAddress[]) => {
        if (error && !given && isBelowLocalhost(hostname)) {
          return resolve(LOOPBACK.filter((address) => family === 0 || ipVersion(address) === family));
        }
        if (error) return reject(error);
        const addresses = typeof address === "string" ? [address] : address.map(({ address }) => address);
        if (addresses.length > 0) return resolve(addresses);
        // A failed attempt, as for the system's lookup, which never resolves with no address.
        reject(
          Object.assign(new Error(`Cannot look up ${hostname}: it has no address`), { code: "ENOTFOUND", hostname }),
        );
      });
    });
}
