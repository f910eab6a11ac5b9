import { isGranted } from "../adapters/detect.ts";
import type { Hint } from "../core/attempt.ts";
import { isOnThisHost } from "../host/own_addresses.ts";
import { openSocketCountHint } from "../host/socket_count.ts";

/**
 * A hint for a wait for a port of `hostname`; null where that is not certain to be this host, or the system tells nothing
 * without asking the user.
 */
export function openLocalHint(hostname: string): Hint | null {
  if (!isOnThisHost(hostname, () => isGranted({ name: "sys", kind: "networkInterfaces" }))) return null;
  return openSocketCountHint((path) => isGranted({ name: "read", path }));
}
