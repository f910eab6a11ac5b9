import { Interrupted } from "./errors.ts";
import { END_SIGNAL_NAMES, type EndSignalName, SIGNALS, type System } from "./runtime/system.ts";

/**
 * Signals that come in a shorter time are one interrupt: npm passes Ctrl-C on to programs that the terminal has sent it
 * to already.
 */
const REPEAT_MS = 100;

/** What programs tell each other, such as nodemon its program: repeated, it asks for no more than once. */
const MESSAGES: ReadonlySet<EndSignalName> = new Set<EndSignalName>(["SIGUSR1", "SIGUSR2"]);

/** Turns the signals that end a program into an abort, so that what is under way can be cleared away. */
export class Interrupts {
  /** Aborts with an `Interrupted`. */
  readonly signal: AbortSignal;
  readonly #releases: readonly (() => void)[];
  readonly #hurry = new AbortController();
  #count = 0;
  #last = -Infinity;
  #isStopping = false;

  constructor(system: System) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#releases = END_SIGNAL_NAMES.map((name) =>
      system.onSignal(name, () => {
        controller.abort(new Interrupted(128 + SIGNALS[name]));
        if (MESSAGES.has(name)) return;
        const now = performance.now();
        if (now - this.#last >= REPEAT_MS) this.#count++;
        this.#last = now;
        if (this.#isStopping && this.#count > 1) this.#hurry.abort();
      })
    );
  }

  /** Tells that what was started is being stopped. Returns what aborts at a second interrupt. */
  beginStop(): AbortSignal {
    this.#isStopping = true;
    return this.#hurry.signal;
  }

  /** From now on the signals have their default effects. */
  release(): void {
    for (const release of this.#releases) release();
  }
}
