/** The source of time; tests replace it. */
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

/**
 * Milliseconds between two looks: constant in the first second, then a share of the time that the youngest wait has
 * lasted beyond it, up to a limit. A look costs little, but a timer after a long pause finds cold caches on every
 * runtime. `npm run bench -- waiting long-wait` measures the effect of these values.
 */
const FIRST_MS = 3;
const EQUAL_UNTIL_MS = 1000;
const SHARE = 1 / 50;
const LONGEST_MS = 100;

/** Checks one condition for many waits, with one timer. */
export class SharedLooks {
  readonly #hasChanged: () => boolean;
  readonly #clock: LookClock;
  readonly #watched = new Set<LookHint>();
  #youngestBegan = -Infinity;
  #timer: unknown;
  #intervalMs = 0;
  /** How many looks have found a change. */
  changes = 0;

  constructor(hasChanged: () => boolean, clock: LookClock = SYSTEM_CLOCK) {
    this.#hasChanged = hasChanged;
    this.#clock = clock;
  }

  /** A hint for a wait that begins now. */
  newHint(): LookHint {
    this.#look();
    return new LookHint(this, this.#clock.now());
  }

  add(hint: LookHint): void {
    this.#watched.add(hint);
    this.#youngestBegan = Math.max(this.#youngestBegan, hint.began);
    this.#setInterval();
    this.#look();
    hint.tell();
  }

  delete(hint: LookHint): void {
    this.#watched.delete(hint);
    if (this.#watched.size > 0) return;
    this.#clock.clearInterval(this.#timer);
    this.#timer = undefined;
    this.#youngestBegan = -Infinity;
  }

  #look(): void {
    try {
      if (!this.#hasChanged()) return;
    } catch {
      // A failed look counts as a change: the waits then dial as often as without a hint.
    }
    this.changes++;
  }

  /** An interval costs less than a timer for each look. It is replaced when its length has changed by a millisecond. */
  #setInterval(): void {
    const beyond = this.#clock.now() - this.#youngestBegan - EQUAL_UNTIL_MS;
    const intervalMs = Math.ceil(Math.min(LONGEST_MS, Math.max(FIRST_MS, beyond * SHARE)));
    if (this.#timer !== undefined) {
      if (intervalMs === this.#intervalMs) return;
      this.#clock.clearInterval(this.#timer);
    }
    this.#intervalMs = intervalMs;
    this.#timer = this.#clock.setInterval(() => this.#tick(), intervalMs);
  }

  #tick(): void {
    this.#look();
    for (const hint of this.#watched) hint.tell();
    if (this.#watched.size > 0) this.#setInterval();
  }
}

/** The hint of one wait. */
export class LookHint {
  readonly began: number;
  readonly #looks: SharedLooks;
  /** The number of changes when the last watch ended, which is when the wait dialed. */
  #seen: number;
  #onChange: (() => void) | undefined;

  constructor(looks: SharedLooks, now: number) {
    this.#looks = looks;
    this.began = now;
    this.#seen = looks.changes;
  }

  /** A change between two watches is reported at once: the dial between the watches may have preceded the change. */
  watch(onChange: () => void): () => void {
    this.#onChange = onChange;
    this.#looks.add(this);
    return () => {
      if (this.#onChange === onChange) this.stop();
    };
  }

  stop(): void {
    this.#onChange = undefined;
    this.#seen = this.#looks.changes;
    this.#looks.delete(this);
  }

  tell(): void {
    if (this.#seen === this.#looks.changes) return;
    this.#seen = this.#looks.changes;
    this.#onChange?.();
  }
}
