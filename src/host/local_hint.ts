import type { Hint } from "../core/attempt.ts";
import { isOnThisHost } from "./own_addresses.ts";
import { openSocketCountHint } from "./socket_count.ts";

/** What may be done without asking the user; elsewhere than on Deno that is everything. */
export interface HostAccess {
  mayRead(path: string): boolean;
  mayListInterfaces(): boolean;
}

/** A hint for a wait for a port of `hostname`; null where that is not certain to be this host, or the system tells nothing. */
export function openHintFor(hostname: string, access: HostAccess): Hint | null {
  if (!isOnThisHost(hostname, () => access.mayListInterfaces())) return null;
  return openSocketCountHint((path) => access.mayRead(path));
}
