import type { Hint } from "../core/attempt.ts";
import { isOnThisHost } from "./own_addresses.ts";
import { openSocketCountHint } from "./socket_count.ts";

/** The permissions of this process without asking the user. Only Deno restricts them. */
export interface HostAccess {
  readonly mayRead: (path: string) => boolean;
  readonly mayListInterfaces: () => boolean;
}

/** A hint for a wait for a port of `hostname`; null when that may be another host, or the system offers no hint. */
export function openHintFor(hostname: string, { mayListInterfaces, mayRead }: HostAccess): Hint | null {
  return isOnThisHost(hostname, mayListInterfaces) ? openSocketCountHint(mayRead) : null;
}
