import type { Adapter } from "../core/adapter.ts";
import { dial } from "../core/dial.ts";
import { type Endpoint, type EndpointPair, parseEndpoint } from "../core/endpoint.ts";
import { ConnectTimeoutError } from "../core/errors.ts";
import { type Plan, planOf } from "../core/options.ts";
import { isRetriable, type RetryOptions } from "../core/retry.ts";
import { UsageError } from "./errors.ts";
import { describeFailure } from "./failure.ts";
import { roundMs } from "./output.ts";

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
  /** What ended the wait other than success or somebody's signal: waiting longer would not help. */
  failure: Error | undefined;
  isReady = false;
  #attempts = 0;
  #selfConnects = 0;
  #remote: Endpoint | null = null;
  #lastError: unknown;
  #elapsed = 0;

  constructor(target: WaitTarget) {
    this.target = target;
  }

  /** Resolves when the target is ready, or it is certain that it will not be. */
  async run(options: WaitOptions, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    try {
      const { remote } = await (options.free ? this.#untilFree(options, signal) : this.#untilReal(options, signal));
      this.isReady = true;
      if (!options.free) this.#remote = remote;
    } catch (error) {
      if (!signal.aborted && !(error instanceof ConnectTimeoutError)) {
        this.#lastError = error;
        this.failure = error as Error;
      }
    }
    this.#elapsed = performance.now() - started;
  }

  async #untilFree(options: WaitOptions, signal: AbortSignal): Promise<EndpointPair> {
    const { freeAdapter, mayBecomeFree } = await import("./free_adapter.ts");
    const { hostname, isPortOnly } = this.target;
    const plan = this.#plan(options, signal, { isRetriable: mayBecomeFree });
    return await this.#dial(freeAdapter(isPortOnly ? undefined : hostname), plan);
  }

  async #untilReal(options: WaitOptions, signal: AbortSignal): Promise<EndpointPair> {
    let { timeout } = options;
    if ("Bun" in globalThis) {
      // Bun takes longer to load node:net than for everything else here, but a pending Bun.connect cannot be given up:
      // it is used once, for the port that is open already.
      const { bunAdapter } = await import("../adapters/bun.ts");
      const started = performance.now();
      try {
        return await this.#dial(bunAdapter, this.#plan(options, signal, { maxAttempts: 1 }));
      } catch (error) {
        this.#lastError = error;
        if (timeout > 0) timeout -= performance.now() - started;
        if (signal.aborted || !isRetriable(error) || timeout < 0) throw error;
      }
    }
    const plan = this.#plan({ ...options, timeout }, signal, {});
    const { withAdapter } = await import("../adapters/detect.ts");
    return await withAdapter(plan, (adapter) => this.#dial(adapter, plan));
  }

  async #dial<Socket>(adapter: Adapter<Socket>, plan: Plan): Promise<EndpointPair> {
    const { socket, pair } = await dial(this.#counting(adapter), plan);
    adapter.close(socket);
    return pair;
  }

  #plan(options: WaitOptions, signal: AbortSignal, retry: RetryOptions): Plan {
    const { timeout, attemptTimeout, maxDelay, stableFor } = options;
    const { hostname, port } = this.target;
    return planOf({
      ...{ hostname, port, signal, timeout, attemptTimeout, stableFor },
      retry: { maxDelay: maxDelay === 0 ? Infinity : maxDelay, ...retry },
      onRetry: ({ error }) => this.#lastError = error,
    });
  }

  /** The same adapter, whose attempts and self-connections are counted also when they come to nothing. */
  #counting<Socket>(adapter: Adapter<Socket>): Adapter<Socket> {
    return {
      ...adapter,
      open: (target, signal) => {
        this.#attempts++;
        return adapter.open(target, signal);
      },
      publish: (pair) => {
        this.#selfConnects++;
        adapter.publish(pair);
      },
    };
  }

  /** Why it is not ready yet, in words. */
  get reason(): string {
    return this.#lastError === undefined ? "no answer" : describeFailure(this.#lastError);
  }

  get report(): TargetReport {
    return {
      target: this.target.text,
      ready: this.isReady,
      remote: this.#remote,
      attempts: this.#attempts,
      selfConnects: this.#selfConnects,
      elapsed: roundMs(this.#elapsed),
      error: this.isReady ? null : this.reason,
    };
  }
}
