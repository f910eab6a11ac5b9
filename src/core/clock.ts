/** Where time and chance come from; a test brings its own. */
export interface Clock {
  /** Milliseconds from any fixed moment. */
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** From 0 up to 1. */
  random(): number;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
  random: Math.random,
};

/** The longest time that setTimeout takes; it turns a longer one into 1 ms (HTML standard, "timers"). */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Calls back after `ms` milliseconds, however many these are; Infinity is never. Returns the function that cancels it,
 * which is safe to call afterwards.
 */
export function after(ms: number, callback: () => void, clock: Clock = SYSTEM_CLOCK): () => void {
  if (ms === Infinity) return () => {};
  if (ms <= MAX_TIMEOUT_MS) {
    const timer = clock.setTimeout(callback, ms);
    return () => clock.clearTimeout(timer);
  }
  let cancel = after(MAX_TIMEOUT_MS, () => cancel = after(ms - MAX_TIMEOUT_MS, callback, clock), clock);
  return () => cancel();
}

/**
 * Turns of a runtime's event loop after which it has reported everything the kernel knew before the first one. Deno polls
 * sockets only behind timers, and each runtime needs up to three polls until a connect or a hang-up reaches its caller.
 */
const POLL_TURNS = 4;

/**
 * Calls back once the runtime has reported what the kernel knew at the time of this call. A timer that comes late, on a
 * busy loop or after SIGSTOP, runs before the sockets are looked at: time alone proves nothing.
 */
export function afterPoll(callback: () => void, clock: Clock = SYSTEM_CLOCK, turns: number = POLL_TURNS): () => void {
  let timer: unknown;
  const turn = (left: number): void => {
    timer = clock.setTimeout(() => left > 1 ? turn(left - 1) : callback(), 0);
  };
  turn(turns);
  return () => clock.clearTimeout(timer);
}
