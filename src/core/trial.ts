import type { Adapter, Attempt, AttemptCounts, PeerWatch, Target } from "./attempt.ts";
import { after, afterPoll, type Clock } from "./clock.ts";
import { type EndpointPair, sameEndpoint } from "./endpoint.ts";
import { ConnectTimeoutError, isRefusedSelfConnection, peerGone, SelfConnectError } from "./errors.ts";
import type { ResolvedOptions } from "./options.ts";

/**
 * Both ends of a proved socket.
 *
 * @throws Error with code ECONNRESET when the socket is already gone
 */
export function endsOf<Socket>(adapter: Adapter<Socket>, socket: Socket, target: Target): EndpointPair {
  const pair = adapter.endpoints(socket);
  if (pair !== null) return pair;
  adapter.close(socket);
  throw peerGone(target, "at once");
}

/** What all trials of one call share. */
export interface TrialContext<Socket> {
  readonly adapter: Adapter<Socket>;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly counts: AttemptCounts;
  /** Milliseconds from the start of the call. */
  elapsed(): number;
}

/**
 * One attempt up to its verdict: open, compare both ends, reset a self-connection, watch the peer for `stableFor`. Only
 * this class decides what happens to a socket that opens too late.
 *
 * The kernel connects a socket to itself when the socket dials a dead port of the ephemeral range and gets the same
 * port as its own (simultaneous open, RFC 9293, 3.5; Linux __inet_hash_connect). A normal close would leave `TIME-WAIT
 * P -> P` and keep the server off the port for a minute, so the socket is reset.
 */
export class Trial<Socket> {
  /**
   * Resolves with a real peer; rejects with a `SelfConnectError`, the runtime's error, or the reason given to
   * `abandon`.
   */
  readonly proved: Promise<Socket>;
  readonly #context: TrialContext<Socket>;
  readonly #target: Target;
  #resolve!: (socket: Socket) => void;
  #reject!: (error: unknown) => void;
  #attempt: Attempt<Socket> | undefined;
  /** Cancels the pending timer of `attemptTimeout` or `stableFor`. */
  #cancelTimer: (() => void) | undefined;
  /** The socket while its peer is watched. */
  #unproved: { readonly socket: Socket; readonly watch: PeerWatch } | undefined;
  #isOver = false;

  /** When `attemptTimeout` is over, `onOverdue` is called instead of `abandon`. */
  constructor(context: TrialContext<Socket>, target: Target, onOverdue?: (error: ConnectTimeoutError) => void) {
    this.#context = context;
    this.#target = target;
    this.proved = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { adapter, clock, options: { attemptTimeout, mayGiveUp } } = context;
    try {
      this.#attempt = adapter.open(target, mayGiveUp);
      this.#attempt.opened.then((socket) => this.#judge(socket), (error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
    if (attemptTimeout < Infinity && !this.#isOver) {
      const giveUp = onOverdue ?? ((error) => this.abandon(error));
      this.#cancelTimer = after(attemptTimeout, () => {
        this.#cancelTimer = afterPoll(() => giveUp(this.#timedOut()), clock);
      }, clock);
    }
  }

  #timedOut(): ConnectTimeoutError {
    // No cause: each error would refer to the one before, in an endless chain.
    return new ConnectTimeoutError(this.#target, this.#context.counts.attempts, this.#context.elapsed());
  }

  #judge(socket: Socket): void {
    const { adapter, counts, options: { stableFor } } = this.#context;
    // A self-connection has the dialed port as its own, so only a socket with that port needs the full comparison.
    const localPort = adapter.localPort?.(socket) ?? this.#target.port;
    if (localPort !== this.#target.port && !this.#isOver) return this.#accept(socket, stableFor);
    const pair = adapter.endpoints(socket);
    if (pair !== null && sameEndpoint(pair.local, pair.remote)) {
      counts.selfConnects++;
      adapter.reset(socket);
      adapter.publish(pair);
      this.#fail(new SelfConnectError(pair, counts.attempts));
    } else if (this.#isOver || pair === null) {
      // Abandoned before it opened, or gone before its peer was known.
      adapter.close(socket);
      this.#fail(peerGone(this.#target, "at once"));
    } else {
      this.#accept(socket, stableFor);
    }
  }

  #accept(socket: Socket, stableFor: number): void {
    if (stableFor > 0) this.#proveStable(socket);
    else this.#succeed(socket);
  }

  #proveStable(socket: Socket): void {
    const { adapter, clock, options: { stableFor } } = this.#context;
    const watch = adapter.watchPeer(socket);
    this.#unproved = { socket, watch };
    this.#cancelTimer?.();
    this.#cancelTimer = after(stableFor, () => {
      this.#cancelTimer = afterPoll(() => {
        this.#unproved = undefined;
        watch.stop();
        this.#succeed(socket);
      }, clock);
    }, clock);
    void watch.hungUp.then(() => this.abandon(peerGone(this.#target, `within ${stableFor} ms`)));
  }

  #succeed(socket: Socket): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#resolve(socket);
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    const { counts } = this.#context;
    this.#reject(isRefusedSelfConnection(error, this.#target) ? selfConnected(this.#target, counts.attempts) : error);
  }

  /** Gives up: `proved` rejects with `reason` at once, and a socket that opens later is closed. */
  abandon(reason: unknown): void {
    if (this.#isOver) return;
    const unproved = this.#unproved;
    this.#fail(reason);
    if (unproved === undefined) return this.#attempt?.abandon();
    this.#unproved = undefined;
    unproved.watch.stop();
    this.#context.adapter.close(unproved.socket);
  }
}

function selfConnected({ hostname, port }: Target, attempts: number): SelfConnectError {
  const end = { hostname, port };
  return new SelfConnectError({ local: end, remote: end }, attempts);
}
