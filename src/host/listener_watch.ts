import { closeSync, openSync, readSync } from "node:fs";
import { clearInterval, setInterval } from "node:timers";

/** Fast enough for a hold within 100 ms, at 0.1 to 0.3 % of a core. */
const POLL_MS = 30;

/** How many looks may pass without a call although nothing has changed: two changes may cancel each other out. */
const QUIET_LOOKS = 10;

/** The kernel's counts of the sockets of this network namespace: a listener is one of them. */
const COUNTS: readonly string[] = ["/proc/net/sockstat", "/proc/net/sockstat6"];

/**
 * Calls back when a listener may have come or gone; returns what ends the watch. Where the counts may not be read it
 * calls back at every look. Does not keep the process alive.
 */
export function watchListeners(onChange: () => void): () => void {
  const buffer = new Uint8Array(1024);
  const decoder = new TextDecoder();
  const files: number[] = [];
  const read = (): string | undefined => {
    try {
      if (files.length === 0) files.push(...COUNTS.map((path) => openSync(path, "r")));
      return files.map((file) => decoder.decode(buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0))))
        .join();
    } catch {
      return undefined;
    }
  };
  let last = read();
  let quiet = 0;
  const timer = setInterval(() => {
    const counts = read();
    quiet = counts === undefined || counts !== last ? 0 : quiet + 1;
    last = counts;
    if (quiet % QUIET_LOOKS === 0) onChange();
  }, POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    for (const file of files.splice(0)) closeSync(file);
  };
}
