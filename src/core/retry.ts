import type { Endpoint } from "./endpoint.ts";
import { isRetriable, SelfConnectError } from "./errors.ts";

/**
 * How failed attempts are repeated. Every field may be left out. `waitForPort` stretches the default pauses where the system
 * tells that a port of this host may have been opened.
 */
export interface RetryOptions {
  /** Connects in all, the first one included. @defaultValue `Infinity` */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds before the second attempt. @defaultValue `10` */
  readonly initialDelay?: number | undefined;
  /** Milliseconds that no pause exceeds; Infinity: no limit. @defaultValue `250` */
  readonly maxDelay?: number | undefined;
  /**
   * What each pause is multiplied by for the next: 2 doubles it, 1 is a constant pause. With 1 + x the overshoot is in
   * proportion to the wait, about x of it. @defaultValue `1.05`
   */
  readonly multiplier?: number | undefined;
  /** Share of each pause, 0 to 1, that is taken off at random, so that many clients do not dial in step. @defaultValue `0.02` */
  readonly jitter?: number | undefined;
  /**
   * Decides instead of the built-in table (`isRetriable` of this module) whether an error is worth another attempt; may be
   * async. What it throws ends everything.
   */
  readonly isRetriable?: ((error: unknown) => boolean | Promise<boolean>) | undefined;
}

/** What `onRetry` is called with before each pause. */
export interface RetryContext {
  /** How many connects have been made. */
  readonly attempt: number;
  /** Why the last one failed. */
  readonly error: unknown;
  /** Milliseconds until the next one; less when a hint ends the pause (see `waitForPort`). */
  readonly delay: number;
  /** The endpoint that is dialed, as it was asked for. */
  readonly target: Endpoint;
  /** Whether the kernel had connected the socket to itself. */
  readonly selfConnect: boolean;
}

/**
 * `RetryOptions` with nothing left out.
 *
 * @internal
 */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly initialDelay: number;
  readonly maxDelay: number;
  readonly multiplier: number;
  readonly jitter: number;
  readonly isRetriable: (error: unknown) => boolean | Promise<boolean>;
}

/**
 * Polls in proportion to the time waited. What an attempt costs after a pause, and what these figures reach, is measured
 * by `npm run bench -- waiting long-wait`.
 *
 * @internal
 */
export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: Infinity,
  initialDelay: 10,
  maxDelay: 250,
  multiplier: 1.05,
  jitter: 0.02,
  isRetriable,
};

/**
 * Without `retry` only a self-connection is dialed again, at once: a name may have another address with a real server.
 * Three connects in all, as in Go's net.Dial (golang.org/issue/2690), but unlike there the third is not believed either.
 *
 * @internal
 */
export const NO_RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialDelay: 0,
  maxDelay: 0,
  multiplier: 1,
  jitter: 0,
  isRetriable: (error) => error instanceof SelfConnectError,
};

/**
 * Milliseconds between attempt number `attempt` (1 is the first) and the next: each pause is the one before times
 * `multiplier`, up to `maxDelay`, less jitter. `random` is from 0 up to 1.
 *
 * @internal
 */
export function delayAfter(attempt: number, policy: RetryPolicy, random: number): number {
  const { initialDelay, maxDelay, multiplier, jitter } = policy;
  // 0 times an overflowed power would be NaN.
  const delay = initialDelay === 0 ? 0 : Math.min(maxDelay, initialDelay * multiplier ** (attempt - 1));
  return delay * (1 - jitter * random);
}
