import type { Endpoint } from "./endpoint.ts";
import { SelfConnectError } from "./errors.ts";

/** How failed attempts are repeated. Every field may be left out. */
export interface RetryOptions {
  /** Connects in all, the first one included. @default {Infinity} */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds before the second attempt. @default {16} */
  readonly initialDelay?: number | undefined;
  /** Milliseconds that no pause exceeds. @default {245} */
  readonly maxDelay?: number | undefined;
  /**
   * What each pause is multiplied by for the next: 2 doubles it, 1 is a constant pause. With 1 + x the overshoot is in
   * proportion to the wait, about x of it. Where neither this nor `initialDelay` is given, the pauses are equal until one
   * is that share of the time waited: polling closer than that would cost more than it gains. @default {1.035}
   */
  readonly multiplier?: number | undefined;
  /** Share of each pause, 0 to 1, that is taken off at random, so that many clients do not dial in step. @default {0.02} */
  readonly jitter?: number | undefined;
  /**
   * Decides instead of the built-in table whether an error is worth another attempt. A throw ends everything with what
   * was thrown.
   */
  readonly isRetriable?: ((error: unknown) => boolean) | undefined;
}

/** What `onRetry` is told before each pause. */
export interface RetryContext {
  /** How many connects have been made. */
  readonly attempt: number;
  /** Why the last one failed. */
  readonly error: unknown;
  /** Milliseconds until the next one. */
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
  readonly isRetriable: (error: unknown) => boolean;
  /** How many pauses are `initialDelay` long before they grow: 1, unless both that and `multiplier` are the defaults. */
  readonly equalPauses: number;
}

/**
 * What a failed connect means: nobody is there yet, or never will be. Codes are those of connect(2) and getaddrinfo(3)
 * in the three runtimes' spellings; what is not listed (EACCES, EPERM, a missing permission, EMFILE, a TypeError) is final.
 */
const RETRIABLE_CODES: ReadonlySet<unknown> = new Set([
  // Nobody listens yet, or hangs up again.
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ENOTCONN", "EPIPE"],
  // No way there yet.
  ...["EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "ETIMEDOUT"],
  // No ephemeral port is free now (Linux).
  "EADDRNOTAVAIL",
  // What macOS answers instead of completing an IPv4 self-connection (XNU, bsd/netinet/tcp_usrreq.c).
  "EINVAL",
  // The name does not resolve yet.
  ...[
    "ENOTFOUND",
    "EAI_AGAIN",
    "EAI_NONAME",
    "EAI_NODATA",
    "EAI_FAIL",
    "DNS_ENOTFOUND",
    "DNS_ETIMEOUT",
    "DNS_ESERVFAIL",
  ],
]);

function codeOf(error: unknown): unknown {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  // Deno reports a name that does not resolve as a plain Error without a code (Rust's std::net message).
  if (code === undefined && String(message).startsWith("failed to lookup address")) return "ENOTFOUND";
  return code;
}

/**
 * Whether another attempt may succeed where this error came from.
 *
 * @internal
 */
export function isRetriable(error: unknown): boolean {
  // One error per address of a name: one that may recover is enough.
  if (error instanceof AggregateError && error.errors.some(isRetriable)) return true;
  return RETRIABLE_CODES.has(codeOf(error));
}

/**
 * Polls in proportion to the time waited. A sparse attempt costs about a millisecond of processor time, so how many are
 * made is what a wait costs; what these figures reach is measured by `npm run bench -- waiting long-wait`.
 *
 * @internal
 */
export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: Infinity,
  initialDelay: 16,
  maxDelay: 245,
  multiplier: 1.035,
  jitter: 0.02,
  isRetriable,
  // So many add up to a time of which one pause is the share by which they grow from then on.
  equalPauses: 29,
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
  equalPauses: 1,
};

/**
 * Milliseconds between attempt number `attempt` (1 is the first) and the next; `random` is from 0 up to 1.
 *
 * @internal
 */
export function delayAfter(attempt: number, policy: RetryPolicy, random: number): number {
  const { initialDelay, maxDelay, multiplier, jitter, equalPauses } = policy;
  const growth = multiplier ** Math.max(0, attempt - equalPauses);
  // 0 times an overflowed power would be NaN.
  const delay = initialDelay === 0 ? 0 : Math.min(maxDelay, initialDelay * growth);
  return delay * (1 - jitter * random);
}
