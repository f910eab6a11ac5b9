import { onAbort } from "../core/abort.ts";
import { afterPoll } from "../core/clock.ts";
import { formatDuration } from "./duration.ts";
import { messageOf, printable, roundMs, StatusLine } from "./output.ts";
import type { System } from "./runtime/system.ts";
import { type TargetReport, TargetWait } from "./wait_target.ts";
import type { WaitRequest } from "./wait_request.ts";

/** The wait for all targets of a command. */
export class Waiting {
  readonly waits: readonly TargetWait[];
  readonly #request: WaitRequest;
  #started = performance.now();

  constructor(request: WaitRequest) {
    this.#request = request;
    this.waits = request.targets.map((target) => new TargetWait(target));
  }

  /**
   * Waits until the targets are ready (with `--any`, one of them), or until waiting longer would not help. `signal` is
   * the user's interrupt; the caller aborts one of `giveUps` when the wait has become pointless.
   *
   * @throws `signal.reason`
   */
  async run(signal: AbortSignal, ...giveUps: readonly (AbortSignal | undefined)[]): Promise<void> {
    this.#started = performance.now();
    const { shield, targets } = this.#request;
    const endShield = shield ? await (await import("./shield_targets.ts")).shieldTargets(targets) : undefined;
    const stopped = new AbortController();
    const stop = (): void => stopped.abort();
    const sources = [signal, ...giveUps].filter((source) => source !== undefined);
    const releases = sources.map((source) => onAbort(source, stop));
    if (sources.some(({ aborted }) => aborted)) stop();
    try {
      await Promise.all(this.waits.map(async (wait) => {
        await wait.run(this.#request, stopped.signal);
        if (wait.isReady === this.#request.any) stop();
      }));
    } finally {
      for (const release of releases) release();
      await endShield?.();
    }
    // An abandoned attempt may become a self-connection only now, and must be reset: the end of the process would close
    // it normally and leave a TIME_WAIT.
    if (!this.waits.every(({ isReady }) => isReady)) {
      await new Promise<void>((resolve) => afterPoll(() => afterPoll(resolve)));
    }
    signal.throwIfAborted();
  }

  get isReady(): boolean {
    const { any } = this.#request;
    return any ? this.waits.some(({ isReady }) => isReady) : this.waits.every(({ isReady }) => isReady);
  }

  /** No target counts as ready. */
  refuse(reason: string): void {
    for (const wait of this.waits) wait.refuse(reason);
  }

  /** An error ends the whole command: it is the reason why targets are not ready. */
  abandon(error: unknown): void {
    const reason = messageOf(error);
    for (const wait of this.waits) if (!wait.isReady) wait.refuse(reason);
  }

  get elapsed(): number {
    return performance.now() - this.#started;
  }

  /** Whether waiting longer would not have helped. */
  get hasFailed(): boolean {
    return this.waits.some(({ failure }) => failure !== undefined);
  }

  /** The targets that are not ready, each with the reason. */
  get pending(): string {
    const pending = this.waits.filter(({ isReady }) => !isReady);
    return pending.map(({ title, reason }) => `${title} (${reason})`).join(", ");
  }

  /** Why the wait failed, in one line. `reason` is the caller's reason for giving up. */
  explain(reason?: string): string {
    const failed = this.waits.find(({ failure }) => failure !== undefined);
    if (failed) return `Cannot wait for ${failed.title}: ${failed.reason}`;
    if (reason !== undefined) return `${reason}, gave up on ${this.pending}`;
    return `Timed out after ${formatDuration(this.#request.timeout)}, wait longer with --timeout: ${this.pending}`;
  }

  /** Shows a status line on a terminal during the wait. */
  showProgress(system: System): StatusLine {
    return new StatusLine(system, () => `waiting ${formatDuration(this.elapsed)} for ${this.pending}`);
  }

  /** The document of `--json`; `more` is added to each target. */
  report(more: (wait: TargetWait) => object = () => ({})): object {
    const targets = this.waits.map((wait): TargetReport => ({ ...wait.report, ...more(wait) }));
    return { ready: this.isReady, elapsed: roundMs(this.elapsed), targets };
  }
}

/** `localhost:3000 is ready after 1.2 s (127.0.0.1)`. */
export function announcement({ title, report: { elapsed, remote, status } }: TargetWait, isFree = false): string {
  const details = [remote?.hostname, status === undefined ? undefined : `status ${status}`].filter(Boolean).join(", ");
  const after = `${isFree ? "free" : "ready"} after ${formatDuration(elapsed)}`;
  return printable(`${title} is ${after}${details === "" ? "" : ` (${details})`}`);
}
