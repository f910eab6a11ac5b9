import { onAbort } from "./abort.ts";
import type { Adapter, AttemptCounts, Target } from "./attempt.ts";
import { after, afterPoll, type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { ipVersion, isBelowLocalhost } from "./endpoint.ts";
import { ConnectTimeoutError, SelfConnectError } from "./errors.ts";
import type { ResolvedOptions } from "./options.ts";
import { type OpenHint, Pauses } from "./pauses.ts";
import { Race } from "./race.ts";
import { Trial, type TrialContext } from "./trial.ts";

/** A connection to a real peer, with the attempts and the time it took. */
export interface Dialed<Socket> {
  readonly socket: Socket;
  readonly attempts: number;
  readonly selfConnects: number;
  /** Milliseconds from the call. */
  readonly elapsed: number;
}

/** What a caller may pass to `dial` in addition to the options. */
export interface DialContext {
  readonly clock?: Clock;
  /** Called before a pause; returns the hint that may end pauses early. */
  readonly openHint?: OpenHint | undefined;
  /** Updated during the call, for a caller that shows the counts or needs them after a failure. */
  readonly counts?: AttemptCounts | undefined;
}

/** How long the addresses of a name are used. Later attempts look the name up again, in parallel with dialing. */
const ADDRESSES_LAST_MS = 1000;

/**
 * Dials until a real peer accepts, as far as the options allow. Every guarded connect of every runtime calls this
 * function.
 *
 * @throws SelfConnectError when the last attempt was a self-connection
 * @throws ConnectTimeoutError when `timeout` or, without retry, `attemptTimeout` ran out
 * @throws `signal.reason` when the caller's signal aborted; the error that `onRetry` or `isRetriable` threw; otherwise
 * the error of the runtime's own connect
 */
export function dial<Socket>(
  adapter: Adapter<Socket>,
  options: ResolvedOptions,
  context: DialContext = {},
): Promise<Dialed<Socket>> {
  return new Call(adapter, options, context).run();
}

class Call<Socket> implements TrialContext<Socket> {
  readonly adapter: Adapter<Socket>;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly counts: AttemptCounts;
  readonly #isName: boolean;
  readonly #openHint: OpenHint | undefined;
  /** Created at the first pause: a call that succeeds at once needs none. */
  #pauses: Pauses | undefined;
  readonly #started: number;
  /** The reason that ends the call, once there is one. */
  #ended: { readonly reason: unknown } | undefined;
  /** Ends the current wait of the call: an attempt, a lookup, a callback or a pause. */
  #interrupt: (reason: unknown) => void = () => {};
  #race: Race<Socket> | undefined;
  /** Null where the runtime resolves the name itself when it dials. */
  #addresses: readonly string[] | null = [];
  #resolvedAt = -Infinity;
  /** Addresses at which the kernel connected the socket to itself. */
  readonly #selfConnected: string[] = [];

  constructor(adapter: Adapter<Socket>, options: ResolvedOptions, context: DialContext) {
    const { clock = SYSTEM_CLOCK, counts = { attempts: 0, selfConnects: 0, lastError: undefined } } = context;
    this.adapter = adapter;
    this.options = options;
    this.clock = clock;
    this.counts = counts;
    this.#isName = ipVersion(options.target.hostname) === 0;
    this.#openHint = context.openHint;
    this.#started = clock.now();
  }

  elapsed(): number {
    return this.clock.now() - this.#started;
  }

  async run(): Promise<Dialed<Socket>> {
    const { signal, timeout } = this.options;
    if (signal?.aborted) throw signal.reason;
    const stopListening = signal && onAbort(signal, () => this.#end(signal.reason));
    let cancelTimeout = after(timeout, () => {
      cancelTimeout = afterPoll(() => this.#end(this.#timedOut()), this.clock);
    }, this.clock);
    try {
      // The loop: attempt, compare, prove, again.
      while (true) {
        this.#throwIfEnded();
        this.counts.attempts++;
        try {
          return this.#dialed(await this.#dialOnce());
        } catch (error) {
          await this.#beforeNext(error);
        }
      }
    } finally {
      cancelTimeout();
      this.#pauses?.close();
      stopListening?.();
      this.#race?.abandon(undefined);
    }
  }

  #dialed(socket: Socket): Dialed<Socket> {
    if (this.#ended) {
      this.adapter.close(socket);
      throw this.#ended.reason;
    }
    const { attempts, selfConnects } = this.counts;
    return { socket, attempts, selfConnects, elapsed: this.elapsed() };
  }

  /** Pauses after a failed attempt; throws when no further attempt is allowed. */
  #beforeNext(error: unknown): Promise<void> | undefined {
    const { counts, options: { target, policy } } = this;
    this.#throwIfEnded();
    counts.lastError = error;
    const selfConnect = error instanceof SelfConnectError;
    if (selfConnect && !this.#selfConnected.includes(error.address)) this.#selfConnected.push(error.address);
    // A socket that is bound to the port it dials can only be connected to itself.
    const isHopeless = selfConnect && target.localPort === target.port;
    if (isHopeless || counts.attempts >= policy.maxAttempts) throw error;
    const isRetriable = policy.isRetriable(error);
    if (typeof isRetriable !== "boolean") return this.#pauseAfter(error, isRetriable);
    this.#throwIfEnded();
    if (!isRetriable) throw error;
    return policy.isOff ? undefined : this.#pauseAfter(error, isRetriable);
  }

  async #pauseAfter(error: unknown, isRetriable: boolean | Promise<boolean>): Promise<void> {
    const { counts, clock, options: { target, policy, onRetry } } = this;
    if (!await this.#untilEnded(isRetriable)) throw error;
    this.#pauses ??= new Pauses(policy, clock, this.#started, this.#openHint);
    const delay = this.#pauses.next(counts.attempts, error);
    const selfConnect = error instanceof SelfConnectError;
    const { hostname, port } = target;
    const context = { attempt: counts.attempts, error, delay, target: { hostname, port }, selfConnect };
    await this.#untilEnded(onRetry?.(context));
    await this.#pause(delay);
  }

  #dialOnce(): Promise<Socket> {
    const { target, policy, attemptTimeout } = this.options;
    // Without any of these the runtime itself dials the addresses of a name, as in its own connect. Not every runtime
    // and system knows a name below localhost.
    const isByAddress = !policy.isOff || attemptTimeout < Infinity || this.#selfConnected.length > 0 ||
      isBelowLocalhost(target.hostname);
    const mayLookUp = this.adapter.lookup !== undefined || !policy.isOff;
    if (this.#isName && isByAddress && mayLookUp) return this.#dialByAddress();
    const trial = new Trial(this, target);
    if (this.options.mayGiveUp) this.#interrupt = (reason) => trial.abandon(reason);
    return trial.proved;
  }

  async #dialByAddress(): Promise<Socket> {
    const { policy } = this.options;
    const targets = await this.#targets();
    this.#throwIfEnded();
    const race = this.#race ??= this.#newRace();
    this.#interrupt = (reason) => race.abandon(reason);
    return await race.dial(targets, policy.isOff || this.counts.attempts >= policy.maxAttempts);
  }

  #newRace(): Race<Socket> {
    const race = new Race(this, this.#addresses === null);
    race.onWinner = () => this.#wake();
    return race;
  }

  /** One target for each address of the name, or the name itself. */
  async #targets(): Promise<readonly Target[]> {
    const { target, policy } = this.options;
    const { localAddress } = target;
    if (this.#addresses !== null && this.elapsed() - this.#resolvedAt >= ADDRESSES_LAST_MS) {
      const lookup = this.#lookUp();
      // This attempt uses the old addresses if there are any; a later attempt uses the new ones.
      if (this.#addresses.length === 0) await this.#untilEnded(lookup);
      else lookup.catch(() => {});
    }
    if (this.#addresses === null) return [target];
    const isReachable = (address: string): boolean =>
      localAddress === undefined || ipVersion(address) === ipVersion(localAddress);
    const isNew = (address: string): boolean => !policy.isOff || !this.#selfConnected.includes(address);
    const reachable = this.#addresses.filter(isReachable);
    if (reachable.length === 0 && this.#addresses.length > 0) {
      throw new TypeError(`Cannot connect: ${target.hostname} has no address of the IP version of ${localAddress}`);
    }
    const wanted = [reachable.filter(isNew), reachable].find((list) => list.length > 0) ?? [];
    return wanted.map((hostname) => ({ ...target, hostname, name: target.hostname }));
  }

  async #lookUp(): Promise<void> {
    const addresses = await this.adapter.lookup?.(this.options.target.hostname) ?? null;
    // A hosts file may name an address twice.
    this.#addresses = addresses && [...new Set(addresses)];
    this.#resolvedAt = this.elapsed();
  }

  #timedOut(): ConnectTimeoutError {
    const { counts, options: { target } } = this;
    return new ConnectTimeoutError(target, counts.attempts, this.elapsed(), counts.lastError);
  }

  #end(reason: unknown): void {
    this.#ended ??= { reason };
    this.#interrupt(reason);
  }

  /** Called before anything is opened: an abort between two waits has no wait to interrupt. */
  #throwIfEnded(): void {
    if (this.#ended) throw this.#ended.reason;
  }

  /** Waits for work that cannot be cancelled; rejects at once when the call is ended. */
  #untilEnded<Result>(result: Result | PromiseLike<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#ended.reason);
      this.#interrupt = reject;
      // Also after the end: otherwise a rejection would be unhandled.
      Promise.resolve(result).then(resolve, reject);
    });
  }

  #wake: () => void = () => {};

  /** Resolves after `ms`, or earlier when the hint calls back or a silent address has answered. */
  async #pause(ms: number): Promise<void> {
    let cancel = (): void => {};
    let unwatch: (() => void) | undefined;
    try {
      await this.#untilEnded(
        new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (this.#race?.winner) return resolve();
          cancel = after(ms, resolve, this.clock);
          unwatch = this.#pauses?.watch(resolve);
        }),
      );
    } finally {
      cancel();
      unwatch?.();
    }
  }
}
