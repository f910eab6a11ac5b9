import { openLocalHint } from "../api/local_hint.ts";
import type { StatusTest } from "../api/wait_for_http.ts";
import { waitWith, waitWithCounts } from "../api/wait_for_port.ts";
import type { AttemptCounts } from "../core/attempt.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { ConnectTimeoutError, describeFailure, isRefusal } from "../core/errors.ts";
import { type ConnectOptions, resolveOptions } from "../core/options.ts";
import type { RetryOptions } from "../core/retry.ts";
import { roundMs, withoutUsers } from "./output.ts";
import type { HttpTarget, TcpTarget, UnixTarget, WaitTarget } from "./target.ts";

/** How to wait for each target. Times are milliseconds; 0 is no limit. */
export interface WaitOptions {
  readonly timeout: number;
  readonly attemptTimeout: number | undefined;
  readonly maxDelay: number | undefined;
  readonly stableFor: number;
  /** Whether to wait until the port can be bound, not until a peer accepts; ignored for a unix socket. */
  readonly free: boolean;
  /** The HTTP statuses that count; undefined for the default. */
  readonly status: StatusTest | undefined;
  /** Whether any certificate is accepted. */
  readonly insecure: boolean;
}

/** The result of one target, as `--json` shows it. */
export interface TargetReport {
  readonly target: string;
  readonly ready: boolean;
  /** Null before a peer has answered, and for a unix socket. */
  readonly remote: Endpoint | null;
  /** Only for a ready HTTP target. */
  readonly status?: number;
  readonly attempts: number;
  readonly selfConnects: number;
  readonly elapsed: number;
  /** Why the last attempt failed; null when it succeeded. */
  readonly error: string | null;
}

/** The wait for one target. */
export class TargetWait {
  readonly target: WaitTarget;
  /** A permanent failure that ended the wait. */
  failure: Error | undefined;
  isReady = false;
  readonly #counts: AttemptCounts = { attempts: 0, selfConnects: 0, lastError: undefined };
  #remote: Endpoint | null = null;
  #status: number | undefined;
  #elapsed = 0;

  constructor(target: WaitTarget) {
    this.target = target;
  }

  /** Resolves when the target is ready, or when waiting longer would not help. */
  async run(options: WaitOptions, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    const { target } = this;
    try {
      if (target.kind === "unix") await this.#untilListening(target, options, signal);
      else if (options.free) await this.#untilFree(target, options, signal);
      else if (target.kind === "http") await this.#untilAnswered(target, options, signal);
      else await this.#untilReal(target, options, signal);
      this.isReady = true;
    } catch (error) {
      if (!signal.aborted && !(error instanceof ConnectTimeoutError)) {
        this.#counts.lastError = error;
        this.failure = error as Error;
      }
    }
    this.#elapsed = performance.now() - started;
  }

  async #untilReal(target: TcpTarget, options: WaitOptions, signal: AbortSignal): Promise<void> {
    const { remote } = await waitWithCounts(connectOptions(target, options, signal), this.#counts);
    this.#remote = remote;
  }

  async #untilAnswered({ url }: HttpTarget, options: WaitOptions, signal: AbortSignal): Promise<void> {
    const { waitForAnswer } = await import("../api/wait_for_http.ts");
    const { status, insecure, attemptTimeout, timeout, maxDelay } = options;
    const limits = attemptTimeout === undefined ? {} : { attemptTimeout };
    const retry = retryOptions(maxDelay);
    const answer = await waitForAnswer(url, { ...limits, timeout, retry, signal, status, insecure }, this.#counts);
    this.#remote = answer.remote;
    this.#status = answer.status;
  }

  async #untilListening({ path }: UnixTarget, options: WaitOptions, signal: AbortSignal): Promise<void> {
    const { unixAdapter } = await import("../adapters/unix.ts");
    // The adapter ignores the port, but the options need one.
    const resolved = resolveOptions(connectOptions({ hostname: "127.0.0.1", port: 1 }, options, signal));
    // The count of TCP sockets does not include unix sockets.
    await waitWith(unixAdapter(path), resolved, { counts: this.#counts, openHint: () => null });
  }

  async #untilFree(target: TcpTarget | HttpTarget, options: WaitOptions, signal: AbortSignal): Promise<void> {
    const { bindAdapter, mayBecomeFree } = await import("../host/bind_adapter.ts");
    const { retry, ...rest } = connectOptions(target, options, signal);
    const resolved = resolveOptions({ ...rest, retry: { ...retry, isRetriable: mayBecomeFree } });
    const isEverywhere = target.kind === "tcp" && target.isPortOnly;
    try {
      const adapter = bindAdapter(isEverywhere ? undefined : target.hostname);
      // The port to bind is always on this host, whatever its name.
      await waitWith(adapter, resolved, { counts: this.#counts, openHint: () => openLocalHint("localhost") });
    } catch (error) {
      const { name, path } = error as NodeJS.ErrnoException;
      if (name !== "NotCapable" && path === undefined) throw error;
      const { MOUNT_PROC, withHint } = await import("./proc_access.ts");
      throw withHint(error, MOUNT_PROC);
    }
  }

  /** The target's text for messages. */
  get title(): string {
    return withoutUsers(this.target.text);
  }

  /** The target does not count as ready, whatever its own attempts have shown. */
  refuse(reason: string): void {
    this.isReady = false;
    this.#counts.lastError = reason;
  }

  /** Whether the last attempt was refused: there was no listener. */
  get isRefused(): boolean {
    return isRefusal(this.#counts.lastError);
  }

  /** Why the target is not ready yet, in words. */
  get reason(): string {
    const { lastError } = this.#counts;
    return lastError === undefined ? "no answer" : describeFailure(lastError);
  }

  get report(): TargetReport {
    return {
      target: this.target.text,
      ready: this.isReady,
      remote: this.#remote,
      ...(this.#status !== undefined && { status: this.#status }),
      attempts: this.#counts.attempts,
      selfConnects: this.#counts.selfConnects,
      elapsed: roundMs(this.#elapsed),
      error: this.isReady ? null : this.reason,
    };
  }
}

/** On the command line 0 means no upper limit, as it does for every other time there. */
function retryOptions(maxDelay: number | undefined): RetryOptions {
  return { maxDelay: maxDelay === 0 ? Infinity : maxDelay };
}

function connectOptions(
  { hostname, port }: Endpoint,
  { timeout, attemptTimeout, maxDelay, stableFor }: WaitOptions,
  signal: AbortSignal,
): Omit<ConnectOptions, "retry"> & { readonly retry: RetryOptions } {
  return { hostname, port, signal, timeout, attemptTimeout, stableFor, retry: retryOptions(maxDelay) };
}
