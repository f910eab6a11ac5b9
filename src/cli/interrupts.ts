import { Interrupted } from "./errors.ts";
import { END_SIGNAL_NAMES, type EndSignalName, SIGNALS, type System } from "./runtime/system.ts";

/**
 * Signals within this time count as one interrupt: npm passes Ctrl-C on to programs that already got it from the
 * terminal.
 */
const REPEAT_MS = 100;

/** Signals between programs, such as from nodemon to its program: repeated ones do not mean more. */
const MESSAGES: ReadonlySet<EndSignalName> = new Set<EndSignalName>(["SIGUSR1", "SIGUSR2"]);

/** Turns the signals that end a program into an abort, so that running work can be cleaned up. */
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

  /** Call when the started server is being stopped. Returns a signal that aborts at a second interrupt. */
  beginStop(): AbortSignal {
    this.#isStopping = true;
    return this.#hurry.signal;
  }

  /** Restores the default effects of the signals. */
  release(): void {
    for (const release of this.#releases) release();
  }
}
