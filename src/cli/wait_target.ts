import { openLocalHint } from "../api/local_hint.ts";
import { waitWith, waitWithCounts } from "../api/wait_for_port.ts";
import type { AttemptCounts } from "../core/attempt.ts";
import { type Endpoint, parseEndpoint } from "../core/endpoint.ts";
import { ConnectTimeoutError, describeFailure } from "../core/errors.ts";
import { type ConnectOptions, resolveOptions } from "../core/options.ts";
import type { RetryOptions } from "../core/retry.ts";
import { UsageError } from "./errors.ts";
import { roundMs } from "./output.ts";
import { withWayOut } from "./proc_access.ts";

/** How to wait for each target, in milliseconds; 0 is none. */
export interface WaitOptions {
  readonly timeout: number;
  readonly attemptTimeout: number | undefined;
  readonly maxDelay: number | undefined;
  readonly stableFor: number;
  /** Whether the port is to be bound, not connected to. */
  readonly free: boolean;
}

/** A target as it was written, and what that means. */
export interface WaitTarget extends Endpoint {
  readonly text: string;
  /** Whether only a port was given: a server would bind it on every address. */
  readonly isPortOnly: boolean;
}

/** What came of one target, as `--json` shows it. */
export interface TargetReport {
  readonly target: string;
  readonly ready: boolean;
  readonly remote: Endpoint | null;
  readonly attempts: number;
  readonly selfConnects: number;
  readonly elapsed: number;
  /** Why the last attempt failed; null when it did not. */
  readonly error: string | null;
}

/**
 * Reads what `parseEndpoint` does, and `tcp:PORT` and `tcp:HOST:PORT`, as wait-on writes them.
 *
 * @throws {UsageError} when the text has another shape
 */
export function parseTarget(text: string): WaitTarget {
  const plain = text.replace(/^tcp:(?!\/\/)/, "");
  try {
    return { ...parseEndpoint(plain), text, isPortOnly: /^(tcp:\/\/)?:?\d+\/?$/.test(plain) };
  } catch (error) {
    // Only its words are new: it says what is wrong and what was expected.
    throw new UsageError((error as Error).message.replace("parse endpoint", "read target"));
  }
}

/** One target while it is waited for. */
export class TargetWait {
  readonly target: WaitTarget;
  /** What ended the wait other than success or a signal: waiting longer would not help. */
  failure: Error | undefined;
  isReady = false;
  readonly #counts: AttemptCounts = { attempts: 0, selfConnects: 0, lastError: undefined };
  #remote: Endpoint | null = null;
  #elapsed = 0;

  constructor(target: WaitTarget) {
    this.target = target;
  }

  /** Resolves when the target is ready, or it is certain that it will not be. */
  async run(options: WaitOptions, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    try {
      await (options.free ? this.#untilFree(options, signal) : this.#untilReal(options, signal));
      this.isReady = true;
    } catch (error) {
      if (!signal.aborted && !(error instanceof ConnectTimeoutError)) {
        this.#counts.lastError = error;
        this.failure = error as Error;
      }
    }
    this.#elapsed = performance.now() - started;
  }

  async #untilReal(options: WaitOptions, signal: AbortSignal): Promise<void> {
    const { remote } = await waitWithCounts(this.#connectOptions(options, signal), this.#counts);
    this.#remote = remote;
  }

  async #untilFree(options: WaitOptions, signal: AbortSignal): Promise<void> {
    const { bindAdapter, mayBecomeFree } = await import("../host/bind_adapter.ts");
    const { retry, ...connectOptions } = this.#connectOptions(options, signal);
    const resolved = resolveOptions({ ...connectOptions, retry: { ...retry, isRetriable: mayBecomeFree } });
    try {
      const adapter = bindAdapter(this.target.isPortOnly ? undefined : this.target.hostname);
      // What is to be bound is a port of this host, however it is named.
      await waitWith(adapter, resolved, { counts: this.#counts, openHint: () => openLocalHint("localhost") });
    } catch (error) {
      throw (error as Error).name === "NotCapable" ? withWayOut(error) : error;
    }
  }

  #connectOptions(
    { timeout, attemptTimeout, maxDelay, stableFor }: WaitOptions,
    signal: AbortSignal,
  ): Omit<ConnectOptions, "retry"> & { readonly retry: RetryOptions } {
    const { hostname, port } = this.target;
    const retry = { maxDelay: maxDelay === 0 ? Infinity : maxDelay };
    return { hostname, port, signal, timeout, attemptTimeout, stableFor, retry };
  }

  /** Why it is not ready yet, in words. */
  get reason(): string {
    const { lastError } = this.#counts;
    return lastError === undefined ? "no answer" : describeFailure(lastError);
  }

  get report(): TargetReport {
    return {
      target: this.target.text,
      ready: this.isReady,
      remote: this.#remote,
      attempts: this.#counts.attempts,
      selfConnects: this.#counts.selfConnects,
      elapsed: roundMs(this.#elapsed),
      error: this.isReady ? null : this.reason,
    };
  }
}
