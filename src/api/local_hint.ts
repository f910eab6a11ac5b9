import { isGranted } from "../adapters/detect.ts";
import type { Hint } from "../core/attempt.ts";

type OpenHint = typeof import("../host/local_hint.ts").openHintFor;

const ACCESS = {
  mayRead: (path: string): boolean => isGranted({ name: "read", path }),
  mayListInterfaces: (): boolean => isGranted({ name: "sys", kind: "networkInterfaces" }),
};

let openHintFor: OpenHint | undefined;
let isLoading = false;

/** Loads the module when it is first needed, during a pause: on Deno node:fs and node:os are slow to load. */
function load(): void {
  if (isLoading) return;
  isLoading = true;
  import("../host/local_hint.ts").then((loaded) => openHintFor = loaded.openHintFor, () => openHintFor = () => null);
}

/**
 * A hint for a wait for a port of `hostname`; null where there is none; undefined while the module is loading: ask
 * again later.
 */
export function openLocalHint(hostname: string): Hint | null | undefined {
  if (openHintFor === undefined) load();
  return openHintFor?.(hostname, ACCESS);
}
