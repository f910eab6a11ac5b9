const TICK_MS = 25;
/** After these nothing arrives any more, once the peer's kernel has room for all that was written ... */
const QUIET_MS = 100;
/** ... and while the peer may not have taken all of it yet. */
const LARGE_QUIET_MS = 1000;
/** What the receive buffer of a peer takes without its program, at Linux' defaults. */
const SMALL_BYTES = 65536;
const MAX_MS = 10_000;
/** How much more than what was written is dropped before a peer is taken for one that will not stop by itself. */
const SLACK_BYTES = 1 << 20;

/**
 * Waits for the peer's end after ours. To close the descriptor earlier, with bytes of the peer unread or still to come,
 * makes the kernel send a reset, and that destroys what is still on its way to the peer (RFC 1122, 4.2.2.13). What the peer has
 * taken is not reported: the wait is over when nothing has arrived for a while, and at the latest after ten seconds,
 * or after more bytes than an echo of ours would be.
 *
 * Time is counted in ticks: a process that was stopped meanwhile sees one late tick, and what has arrived before the next.
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
