/** Tells a waiter when another dial may be worth its price. Only the dial decides. */
export interface Hint {
  /** Calls `onChange` when another dial may succeed; returns a function that ends this. */
  watch(onChange: () => void): () => void;
}

/** Where time comes from; a test brings its own. */
export interface LookClock {
  /** Milliseconds from any fixed moment. */
  now(): number;
  setInterval(callback: () => void, ms: number): unknown;
  clearInterval(timer: unknown): void;
}

const SYSTEM_CLOCK: LookClock = {
  now: () => performance.now(),
  setInterval: (callback, ms) => setInterval(callback, ms),
  clearInterval: (timer) => clearInterval(timer as number),
};

/** A time that is `first` at the beginning of a wait and then a share of the time waited, up to `last`. */
interface Growing {
  readonly first: number;
  readonly share: number;
  readonly last: number;
}

/** Milliseconds between two looks. What these reach is measured by `npm run bench -- waiting long-wait`. */
const LOOKS: Growing = { first: 5, share: 1 / 200, last: 36 };
/**
 * Dials that follow a hint are limited, because there are hosts where sockets come and go all the time: a few may follow at
 * once, then one after each of these pauses, which are those of a wait without a hint.
 */
const MAX_CREDIT = 3;
const CREDITS: Growing = { first: 16, share: 0.035, last: 245 };

function growing({ first, share, last }: Growing, waited: number): number {
  return Math.min(last, Math.max(first, waited * share));
}

/** Looks at one thing on behalf of many waits, with one timer. */
export class SharedLooks {
  readonly #hasChanged: () => boolean;
  readonly #clock: LookClock;
  readonly #watched = new Set<WaitHint>();
  #timer: unknown;
  #intervalMs = 0;
  /** How many looks have found a change. */
  changes = 0;

  constructor(hasChanged: () => boolean, clock: LookClock = SYSTEM_CLOCK) {
    this.#hasChanged = hasChanged;
    this.#clock = clock;
  }

  newHint(): WaitHint {
    this.#look();
    return new WaitHint(this, this.#clock.now());
  }

  add(hint: WaitHint): void {
    this.#watched.add(hint);
    const pause = hint.pauseBeforeLook(this.#clock.now());
    if (this.#timer === undefined || pause < this.#intervalMs) this.#setInterval(pause);
  }

  delete(hint: WaitHint): void {
    this.#watched.delete(hint);
    if (this.#watched.size > 0 || this.#timer === undefined) return;
    this.#clock.clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    try {
      if (!this.#hasChanged()) return;
    } catch {
      // Counted as a change: dials then follow at the pace of a wait without a hint.
    }
    this.changes++;
  }

  /** An interval costs less than a timer for each look. It is replaced when the pause has changed by a millisecond. */
  #setInterval(pause: number): void {
    const intervalMs = Math.ceil(pause);
    if (this.#timer !== undefined) {
      if (intervalMs === this.#intervalMs) return;
      this.#clock.clearInterval(this.#timer);
    }
    this.#intervalMs = intervalMs;
    this.#timer = this.#clock.setInterval(() => this.#tick(), intervalMs);
  }

  #tick(): void {
    this.#look();
    const now = this.#clock.now();
    let pause = Infinity;
    for (const hint of this.#watched) {
      hint.tell(now);
      pause = Math.min(pause, hint.pauseBeforeLook(now));
    }
    if (this.#watched.size > 0) this.#setInterval(pause);
  }
}

/** The hint of one wait: how often to look, and which changes are worth a dial. */
export class WaitHint implements Hint {
  readonly #looks: SharedLooks;
  readonly #began: number;
  /** How many changes there had been when the last dial began. */
  #seen: number;
  #onChange: (() => void) | undefined;
  #credit = MAX_CREDIT;
  #creditAt: number;

  constructor(looks: SharedLooks, now: number) {
    this.#looks = looks;
    this.#began = this.#creditAt = now;
    this.#seen = looks.changes;
  }

  watch(onChange: () => void): () => void {
    this.#onChange = onChange;
    this.#looks.add(this);
    return () => {
      if (this.#onChange === onChange) this.stop();
    };
  }

  stop(): void {
    this.#onChange = undefined;
    this.#looks.delete(this);
    this.#seen = this.#looks.changes;
  }

  tell(now: number): void {
    if (this.#seen === this.#looks.changes || this.#missingCredit(now) > 0) return;
    this.#credit--;
    this.#seen = this.#looks.changes;
    this.#onChange?.();
  }

  /** Milliseconds until the next look is of use to this wait. */
  pauseBeforeLook(now: number): number {
    const missingMs = this.#missingCredit(now) * growing(CREDITS, now - this.#began);
    return Math.max(missingMs, growing(LOOKS, now - this.#began));
  }

  #missingCredit(now: number): number {
    const earned = (now - this.#creditAt) / growing(CREDITS, now - this.#began);
    this.#credit = Math.min(MAX_CREDIT, this.#credit + earned);
    this.#creditAt = now;
    return 1 - this.#credit;
  }
}
