import { clearInterval, setInterval } from "node:timers";
import { PROC } from "./inspect.ts";
import { SocketCount } from "./socket_count.ts";

/** A constant interval, unlike that of a wait: a port must be held within 100 ms, however long its server has run. */
const POLL_MS = 30;

/** After this many polls without a change the watch calls back all the same: two changes may cancel each other out. */
const QUIET_LOOKS = 10;

function openCount(mayRead: (path: string) => boolean): SocketCount | undefined {
  try {
    return mayRead(PROC) ? new SocketCount() : undefined;
  } catch {
    // Deno reads /proc only with --allow-all.
    return undefined;
  }
}

/**
 * Calls back when a listener may have come or gone; returns a function that ends the watch. Where the sockets cannot be
 * counted, it calls back at every poll. Does not keep the process alive.
 */
export function watchListeners(onChange: () => void, mayRead: (path: string) => boolean = () => true): () => void {
  const count = openCount(mayRead);
  let quiet = 0;
  const timer = setInterval(() => {
    quiet = count === undefined || count.hasChanged() ? 0 : quiet + 1;
    if (quiet % QUIET_LOOKS === 0) onChange();
  }, POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    count?.close();
  };
}
