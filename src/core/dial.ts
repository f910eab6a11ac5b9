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
 * that is made anew only after an attempt ran out of time. A sparse attempt's cost is what it allocates.
 */
class Limits {
  /** The reason that ends the whole call, once there is one. */
  #ended: { readonly reason: unknown } | undefined;
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;
  readonly #isLimited: boolean;
  #controller: AbortController | undefined;
  #timer: unknown;
  #wake: (() => void) | undefined;
  readonly #onAbort = (): void => this.#end(this.#caller?.reason);

  constructor(plan: Plan, clock: Clock, onTimeout: () => unknown) {
    this.#clock = clock;
    this.#caller = plan.signal;
    this.#isLimited = plan.signal !== undefined || Math.min(plan.timeout, plan.attemptTimeout) <= MAX_TIMER_MS;
    this.#caller?.addEventListener("abort", this.#onAbort);
    if (plan.timeout <= MAX_TIMER_MS) this.#timer = clock.setTimeout(() => this.#end(onTimeout()), plan.timeout);
  }

  #end(reason: unknown): void {
    this.#ended ??= { reason };
    this.#controller?.abort(reason);
    this.#wake?.();
  }

  /** The signal of the next attempt; undefined where nothing can end it early, so that the bare call is made. */
  signal(): AbortSignal | undefined {
    if (!this.#isLimited) return undefined;
    if (this.#controller === undefined || this.#controller.signal.aborted) this.#controller = new AbortController();
    return this.#controller.signal;
  }

  /** Runs one attempt under its own time limit. */
  async attempt<Result>(ms: number, onTimeout: () => unknown, run: () => Promise<Result>): Promise<Result> {
    if (ms > MAX_TIMER_MS) return await run();
    const timer = this.#clock.setTimeout(() => this.#controller?.abort(onTimeout()), ms);
    try {
      return await run();
    } finally {
      this.#clock.clearTimeout(timer);
    }
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
  const timedOut = (): ConnectTimeoutError =>
    new ConnectTimeoutError(target, tally.attempts, clock.now() - started, lastError);
  const limits = new Limits(plan, clock, timedOut);
  try {
    while (true) {
      try {
        const signal = limits.signal();
        const budget = policy.maxAttempts - tally.attempts;
        const { socket, pair } = await limits.attempt(
          plan.attemptTimeout,
          timedOut,
          () => openReal(adapter, target, tally, budget, signal),
        );
        if (stableFor > 0) await proveStable(adapter, plan, { socket, pair }, signal);
        return { socket, pair, ...tally, elapsed: clock.now() - started };
      } catch (error) {
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
