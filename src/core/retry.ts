import type { Endpoint } from "./endpoint.ts";
import { isRetriable, SelfConnectError } from "./errors.ts";

/**
 * How failed attempts are repeated. Every field may be left out. `waitForPort` makes the default pauses longer where
 * the system reports that a port of this host may have been opened.
 */
export interface RetryOptions {
  /** The number of connects, the first one included. @defaultValue `Infinity` */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds before the second attempt. @defaultValue `10` */
  readonly initialDelay?: number | undefined;
  /**
   * The longest pause in milliseconds. 0: no pause; Infinity: no limit, which is `--max-delay 0` on the command line.
   * With the default schedule, pauses that `waitForPort` makes longer (see above) take up to 2000. @defaultValue `250`
   */
  readonly maxDelay?: number | undefined;
  /**
   * The factor from one pause to the next: 2 doubles it, 1 keeps it constant. With 1 + x the overshoot is about x times
   * the wait. @defaultValue `1.05`
   */
  readonly multiplier?: number | undefined;
  /**
   * The largest share of a pause, 0 to 1, that is subtracted at random, so that many clients do not dial in step.
   * @defaultValue `0.02`
   */
  readonly jitter?: number | undefined;
  /**
   * Decides instead of the built-in table (`isRetriable` of this module) whether an error is worth another attempt; may
   * be async. An error that it throws ends the call.
   */
  readonly isRetriable?: ((error: unknown) => boolean | Promise<boolean>) | undefined;
}

/** The argument of `onRetry`. */
export interface RetryContext {
  /** How many connects have been made. */
  readonly attempt: number;
  /** The error of the last connect. */
  readonly error: unknown;
  /** Milliseconds until the next connect; less when a hint ends the pause (see `waitForPort`). */
  readonly delay: number;
  /** The dialed endpoint; an international name in ASCII. */
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
  /** Whether this is the policy of a call without `retry`, which dials only a self-connection again. */
  readonly isOff: boolean;
}

/**
 * The pauses grow in proportion to the time waited. `npm run bench -- waiting long-wait` measures what an attempt after
 * a pause costs, and how soon a server is noticed with these values.
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
  isOff: false,
};

/**
 * Without `retry` only a self-connection is dialed again, at once: a name may have another address with a real server.
 * Three connects in all, as in Go's net.Dial (golang.org/issue/2690), but here a third self-connection is rejected too.
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
  isOff: true,
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
