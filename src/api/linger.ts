const TICK_MS = 25;
/** The wait ends after this time without data, if the peer's kernel has room for everything that was written ... */
const QUIET_MS = 100;
/** ... and after this time if it may not have room. */
const LARGE_QUIET_MS = 1000;
/** How much the receive buffer of a peer holds by default on Linux. */
const SMALL_BYTES = 65536;
const MAX_MS = 10_000;
/** How many bytes more than were written may arrive before the peer counts as one that does not stop. */
const SLACK_BYTES = 1 << 20;

/**
 * Waits for the peer's end after our own. If the descriptor is closed while the peer's bytes are unread or still
 * arriving, the kernel sends a reset, which destroys the bytes still on their way to the peer (RFC 1122, 4.2.2.13). No
 * runtime reports which bytes the peer has received, so the wait ends when nothing has arrived for a while, at the
 * latest after ten seconds, or after more bytes than an echo would have.
 *
 * Time is counted in ticks: a process that was stopped gets one late tick, and reads the arrived bytes before the next.
 */
export function awaitPeer(written: number, received: () => number): { stop: () => void; done: Promise<void> } {
  const quietTicks = (written > SMALL_BYTES ? LARGE_QUIET_MS : QUIET_MS) / TICK_MS;
  const before = received();
  let last = before;
  let quiet = 0;
  let ticks = 0;
  let stop = (): void => {};
  const done = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = received();
      quiet = now === last ? quiet + 1 : 0;
      last = now;
      if (quiet >= quietTicks || ++ticks * TICK_MS >= MAX_MS || now - before > written + SLACK_BYTES) stop();
    }, TICK_MS);
    stop = () => {
      clearInterval(timer);
      resolve();
    };
  });
  return { stop, done };
}
