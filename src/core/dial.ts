import type { Adapter } from "./adapter.ts";
import type { EndpointPair } from "./endpoint.ts";
import { ConnectTimeoutError, peerGone, SelfConnectError } from "./errors.ts";
import { openReal, type Proved, type Tally } from "./guard.ts";
import type { Plan } from "./options.ts";
import { delayAfter, NO_RETRY } from "./retry.ts";

/** Where time and chance come from; a test brings its own. */
export interface Clock {
  /** Milliseconds from any fixed moment. */
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** From 0 up to 1. */
  random(): number;
}

const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
  random: Math.random,
};

/** A connection to a real peer, and what it took. */
export interface Dialed<Socket> extends Tally {
  readonly socket: Socket;
  readonly pair: EndpointPair;
  /** Milliseconds from the call. */
  readonly elapsed: number;
}

/** The longest time a timer can be set for; longer ones are as good as none. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The limits of one call: the caller's signal, the total time and the time of the current attempt, as one AbortSignal
 * and one timer that serve all attempts until one runs out of time. A sparse attempt's cost is what it allocates.
 */
class Limits {
  /** The reason that ends the whole call, once there is one. */
  #ended: { readonly reason: unknown } | undefined;
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;
  readonly #attemptTimeout: number;
  readonly #isLimited: boolean;
  readonly #onTimeout: (isFinal: boolean) => unknown;
  #controller: AbortController | undefined;
  #timer: unknown;
  /** When the current attempt began; undefined between attempts. */
  #began: number | undefined;
  /** Ends an attempt that takes too long. */
  #watch: unknown;
  #wake: (() => void) | undefined;
  readonly #onAbort = (): void => this.#end(this.#caller?.reason);

  constructor({ signal, timeout, attemptTimeout }: Plan, clock: Clock, onTimeout: (isFinal: boolean) => unknown) {
    this.#clock = clock;
    this.#caller = signal;
    this.#attemptTimeout = attemptTimeout;
    this.#isLimited = signal !== undefined || Math.min(timeout, attemptTimeout) <= MAX_TIMER_MS;
    this.#onTimeout = onTimeout;
    signal?.addEventListener("abort", this.#onAbort);
    if (timeout <= MAX_TIMER_MS) this.#timer = clock.setTimeout(() => this.#end(onTimeout(true)), timeout);
  }

  #end(reason: unknown): void {
    this.#ended ??= { reason };
    this.#controller?.abort(reason);
    this.#wake?.();
  }

  /** Begins an attempt. Its signal is undefined where nothing can end it early, so that the bare call is made. */
  begin(): AbortSignal | undefined {
    if (!this.#isLimited) return undefined;
    if (this.#controller === undefined || this.#controller.signal.aborted) this.#controller = new AbortController();
    if (this.#attemptTimeout <= MAX_TIMER_MS) {
      this.#began = this.#clock.now();
      if (this.#watch === undefined) this.#watchFor(this.#attemptTimeout);
    }
    return this.#controller.signal;
  }

  /** Set for one attempt, the timer may go off in a later one, whose time is not over. */
  #watchFor(ms: number): void {
    this.#watch = this.#clock.setTimeout(() => {
      this.#watch = undefined;
      if (this.#began === undefined) return;
      const left = this.#began + this.#attemptTimeout - this.#clock.now();
      if (left > 0) this.#watchFor(left);
      else this.#controller?.abort(this.#onTimeout(false));
    }, ms);
  }

  /** The attempt is over; safe to call twice. */
  settle(): void {
    this.#began = undefined;
  }

  throwIfEnded(): void {
    if (this.#ended) throw this.#ended.reason;
  }

  /** Resolves after `ms`, or as soon as the call is ended. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended) return resolve();
      const timer = this.#clock.setTimeout(resolve, ms);
      this.#wake = () => {
        this.#clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  release(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#clock.clearTimeout(this.#watch);
    this.#caller?.removeEventListener("abort", this.#onAbort);
  }
}

/**
 * Dials until a real peer accepts, as far as the plan allows. Every guarded connect of every runtime is this function.
 *
 * @throws {SelfConnectError} when the last attempt was a self-connection
 * @throws {ConnectTimeoutError} when `timeout` or, without retry, `attemptTimeout` ran out
 * @throws `signal.reason` when the caller's signal aborted; else whatever the runtime's own connect rejected with
 */
export async function dial<Socket>(
  adapter: Adapter<Socket>,
  plan: Plan,
  clock: Clock = SYSTEM_CLOCK,
): Promise<Dialed<Socket>> {
  const { target, policy, stableFor } = plan;
  plan.signal?.throwIfAborted();
  const started = clock.now();
  const tally: Tally = { attempts: 0, selfConnects: 0 };
  let lastError: unknown;
  // The end of one attempt has no cause: each would hold on to the one before, without end.
  const timedOut = (isFinal: boolean): ConnectTimeoutError =>
    new ConnectTimeoutError(target, tally.attempts, clock.now() - started, isFinal ? lastError : undefined);
  const limits = new Limits(plan, clock, timedOut);
  try {
    while (true) {
      try {
        const signal = limits.begin();
        const { socket, pair } = await openReal(adapter, target, tally, signal);
        limits.settle();
        if (stableFor > 0) await proveStable(adapter, plan, { socket, pair }, signal);
        return { socket, pair, ...tally, elapsed: clock.now() - started };
      } catch (error) {
        limits.settle();
        limits.throwIfEnded();
        lastError = error;
      }
      const selfConnect = lastError instanceof SelfConnectError;
      // Bound to the very port it dials, a socket can meet nobody but itself.
      const isHopeless = selfConnect && target.localPort === target.port;
      if (isHopeless || tally.attempts >= policy.maxAttempts || !policy.isRetriable(lastError)) throw lastError;
      if (policy === NO_RETRY) continue;
      const delay = delayAfter(tally.attempts, policy, clock.random());
      plan.onRetry?.({ attempt: tally.attempts, error: lastError, delay, target, selfConnect });
      await limits.pause(delay);
      limits.throwIfEnded();
    }
  } finally {
    limits.release();
  }
}

async function proveStable<Socket>(
  adapter: Adapter<Socket>,
  plan: Plan,
  { socket, pair }: Proved<Socket>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let isStable = false;
  try {
    isStable = await adapter.isStable(socket, plan.stableFor, signal);
  } finally {
    if (!isStable) adapter.close(socket);
  }
  if (!isStable) throw peerGone(pair.remote, `within ${plan.stableFor} ms`);
}
