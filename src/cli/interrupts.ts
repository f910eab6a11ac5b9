import { Interrupted } from "./errors.ts";
import { SIGNAL_NAMES, SIGNALS, type System } from "./runtime/system.ts";

/** Turns SIGINT, SIGTERM and SIGHUP into an abort, so that what is under way can be cleared away. */
export class Interrupts {
  /** Aborts with an `Interrupted`. */
  readonly signal: AbortSignal;
  readonly #releases: readonly (() => void)[];

  constructor(system: System) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#releases = SIGNAL_NAMES.map((name) =>
      system.onSignal(name, () => controller.abort(new Interrupted(128 + SIGNALS[name])))
    );
  }

  /** From now on the signals are somebody else's. */
  release(): void {
    for (const release of this.#releases) release();
  }
}
