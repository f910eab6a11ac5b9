/** The source of time and random numbers; tests replace it. */
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
 * Calls back after `ms` milliseconds, without the upper limit of setTimeout; Infinity means never. Returns a function
 * that cancels the call, and that is safe to call afterwards.
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
 * After this many turns of its event loop a runtime has reported everything that the kernel knew before the first turn.
 * Deno polls sockets only after timers, and each runtime needs up to three polls until its caller learns of a connect
 * or a hang-up.
 */
const POLL_TURNS = 4;

/**
 * Calls back once the runtime has reported what the kernel knew at the time of this call. A timer that is late, because
 * of a busy loop or SIGSTOP, runs before the runtime polls its sockets: time alone proves nothing.
 */
export function afterPoll(callback: () => void, clock: Clock = SYSTEM_CLOCK): () => void {
  let timer: unknown;
  const turn = (left: number): void => {
    timer = clock.setTimeout(() => left > 1 ? turn(left - 1) : callback(), 0);
  };
  turn(POLL_TURNS);
  return () => clock.clearTimeout(timer);
}
