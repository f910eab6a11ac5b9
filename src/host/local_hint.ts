import type { Hint } from "../core/attempt.ts";
import { isOnThisHost } from "./own_addresses.ts";
import { openSocketCountHint } from "./socket_count.ts";

/** The permissions of this process without asking the user. Only Deno restricts them. */
export interface HostAccess {
  mayRead(path: string): boolean;
  mayListInterfaces(): boolean;
}

/** A hint for a wait for a port of `hostname`; null when that may be another host, or the system offers no hint. */
export function openHintFor(hostname: string, access: HostAccess): Hint | null {
  if (!isOnThisHost(hostname, () => access.mayListInterfaces())) return null;
  return openSocketCountHint((path) => access.mayRead(path));
}
