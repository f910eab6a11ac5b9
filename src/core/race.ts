import type { Target } from "./attempt.ts";
import { after } from "./clock.ts";
import { isRetriable } from "./errors.ts";
import { Trial, type TrialContext } from "./trial.ts";

/** The silence of an address after which the next one is dialed too (RFC 8305, 5, "Connection Attempt Delay"). */
const STAGGER_MS = 250;

/** The key of the trial that is kept after its `attemptTimeout`; all other keys are hostnames. */
const OVERDUE = "";

interface Round<Socket> {
  /** Addresses that are still to be dialed. */
  readonly queue: Target[];
  /** Whether the round ends only when every address has failed. */
  readonly isExhaustive: boolean;
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: unknown) => void;
  /** The failure to report: a retriable one, if there was one. */
  failure: { readonly error: unknown; readonly isRetriable: boolean } | undefined;
  cancelStagger: () => void;
}

/**
 * Trials of all addresses of a name. A round dials the addresses that have no pending trial: the trial of a silent
 * address goes on while the other addresses are dialed again and again.
 */
export class Race<Socket> {
  /** The first real peer, once there is one. */
  winner: Socket | undefined;
  /** Called when there is a winner. */
  onWinner: () => void = () => {};
  readonly #context: TrialContext<Socket>;
  readonly #keepsOverdue: boolean;
  readonly #pending = new Map<string, Trial<Socket>>();
  #round: Round<Socket> | undefined;
  #isOver = false;

  /**
   * With `keepsOverdue` the first trial that exceeds `attemptTimeout` goes on in parallel with later ones. A runtime
   * that resolves the name itself does not tell whether the name server or the peer is slow; a new trial would only
   * repeat the lookup.
   */
  constructor(context: TrialContext<Socket>, keepsOverdue: boolean) {
    this.#context = context;
    this.#keepsOverdue = keepsOverdue;
  }

  /** Rejects when all have failed or, unless `isExhaustive`, when one has failed with a retriable error. */
  dial(targets: readonly Target[], isExhaustive: boolean): Promise<Socket> {
    if (this.winner !== undefined) return Promise.resolve(this.winner);
    return new Promise((resolve, reject) => {
      const queue = targets.filter(({ hostname }) => !this.#pending.has(hostname));
      this.#round = { queue, isExhaustive, resolve, reject, failure: undefined, cancelStagger: () => {} };
      this.#dialNext(this.#round);
    });
  }

  #dialNext(round: Round<Socket>): void {
    round.cancelStagger();
    const target = round.queue.shift();
    if (target === undefined) return;
    if (round.queue.length > 0) {
      round.cancelStagger = after(STAGGER_MS, () => this.#dialNext(round), this.#context.clock);
    }
    this.#start(target);
  }

  #start(target: Target): void {
    let key = target.hostname;
    const trial: Trial<Socket> = new Trial(this.#context, target, (error) => {
      const isKept = this.#keepsOverdue && !this.#round?.isExhaustive && !this.#pending.has(OVERDUE);
      if (!isKept) return trial.abandon(error);
      this.#pending.delete(key);
      key = OVERDUE;
      this.#pending.set(key, trial);
      this.#lose(error);
    });
    this.#pending.set(key, trial);
    trial.proved.then((socket) => this.#win(socket), (error) => {
      this.#pending.delete(key);
      this.#lose(error);
    });
  }

  #win(socket: Socket): void {
    // Two addresses can answer in one turn of the event loop.
    if (this.#isOver) return this.#context.adapter.close(socket);
    this.winner = socket;
    this.#round?.resolve(socket);
    this.abandon(undefined);
    this.onWinner();
  }

  #lose(error: unknown): void {
    // An abandoned trial has not failed.
    if (this.#isOver) return;
    this.#context.counts.lastError = error;
    const round = this.#round;
    if (round === undefined) return;
    const failure = { error, isRetriable: isRetriable(error) };
    if (round.failure === undefined || (failure.isRetriable && !round.failure.isRetriable)) round.failure = failure;
    this.#dialNext(round);
    if (round.queue.length > 0) return;
    // The trial of a silent address goes on during the pause.
    const isEnough = round.failure.isRetriable && !round.isExhaustive;
    if (!isEnough && this.#pending.size > 0) return;
    this.#round = undefined;
    round.reject(round.failure.error);
  }

  /** Abandons all pending trials; the current round rejects with `reason`. */
  abandon(reason: unknown): void {
    this.#isOver = true;
    this.#round?.cancelStagger();
    for (const trial of this.#pending.values()) trial.abandon(reason);
    this.#round?.reject(reason);
  }
}
