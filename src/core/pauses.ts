import type { Hint } from "./attempt.ts";
import { after, type Clock } from "./clock.ts";
import { isRefusal } from "./errors.ts";
import { DEFAULT_RETRY, delayAfter, type RetryPolicy } from "./retry.ts";

/**
 * The default schedule while a hint ends pauses early: the schedule then only has to find the changes that the hint
 * missed.
 */
const HINTED_SCHEDULE = { multiplier: 4, maxDelay: 2000 } as const;

/** Returns the hint that may end pauses early; null: none; undefined: not known yet, ask before the next pause. */
export type OpenHint = () => Hint | null | undefined;

/** How many pauses in a row the hint may end early. */
const MAX_CREDIT = 3;

function hasDefaultSchedule({ initialDelay, maxDelay, multiplier }: RetryPolicy): boolean {
  return initialDelay === DEFAULT_RETRY.initialDelay && maxDelay === DEFAULT_RETRY.maxDelay &&
    multiplier === DEFAULT_RETRY.multiplier;
}

/** Milliseconds between two attempts of the default schedule, `elapsed` milliseconds after the start. */
function defaultPauseAt(elapsed: number): number {
  const { initialDelay, maxDelay, multiplier } = DEFAULT_RETRY;
  return Math.min(maxDelay, Math.max(initialDelay, elapsed * (multiplier - 1)));
}

/**
 * The pauses between the attempts of one call. With the default schedule a hint may end a pause early, but it is not
 * trusted: on some hosts sockets come and go all the time. It may end a few pauses in a row, and then one in the time
 * of each pause of the schedule without a hint.
 */
export class Pauses {
  readonly #policy: RetryPolicy;
  readonly #clock: Clock;
  readonly #openHint: OpenHint;
  /** Undefined until `openHint` has answered. */
  #hint: Hint | null | undefined;
  readonly #started: number;
  #credit = MAX_CREDIT;
  #creditAt: number;

  /** `openHint` is called before a pause: a call that succeeds at once needs no hint. */
  constructor(policy: RetryPolicy, clock: Clock, started: number, openHint: OpenHint = () => null) {
    this.#policy = policy;
    this.#clock = clock;
    this.#openHint = openHint;
    this.#started = this.#creditAt = started;
  }

  /** Milliseconds until the attempt after attempt number `attempt`, which failed with `error`. */
  next(attempt: number, error: unknown): number {
    if (this.#hint === undefined) this.#hint = hasDefaultSchedule(this.#policy) ? this.#openHint() : null;
    // A hint reports the end of a refusal; after any other error it has no meaning.
    const isHinted = Boolean(this.#hint) && isRefusal(error);
    const policy = isHinted ? { ...this.#policy, ...HINTED_SCHEDULE } : this.#policy;
    return delayAfter(attempt, policy, this.#clock.random());
  }

  /** Adds the credit for the time that has passed, and returns how many milliseconds earn one credit now. */
  #earn(): number {
    const now = this.#clock.now();
    const pause = defaultPauseAt(now - this.#started);
    this.#credit = Math.min(MAX_CREDIT, this.#credit + (now - this.#creditAt) / pause);
    this.#creditAt = now;
    return pause;
  }

  /** Calls `wake` when the hint calls back and there is credit. Returns a function that stops watching. */
  watch(wake: () => void): () => void {
    const hint = this.#hint;
    if (!hint) return () => {};
    const pause = this.#earn();
    let stop = (): void => {};
    let isWoken = false;
    const onChange = (): void => {
      if (isWoken) return;
      isWoken = true;
      this.#earn();
      this.#credit--;
      wake();
    };
    const listen = (): void => {
      try {
        stop = hint.watch(onChange);
      } catch {
        // Without the hint the pause takes its full time.
      }
    };
    if (this.#credit >= 1) listen();
    else stop = after((1 - this.#credit) * pause, listen, this.#clock);
    return () => stop();
  }

  close(): void {
    this.#hint?.close();
  }
}
