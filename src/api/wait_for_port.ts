import { ownProperties } from "../core/checks.ts";
import { withAdapter } from "../adapters/choose.ts";
import { isWindows } from "../adapters/detect.ts";
import type { Adapter, AttemptCounts, Hint } from "../core/attempt.ts";
import { dial, type DialContext } from "../core/dial.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { type ConnectOptions, type ResolvedOptions, resolveOptions } from "../core/options.ts";
import { endsOf } from "../core/trial.ts";
import { optionsOf } from "./call_forms.ts";
import { openLocalHint } from "./local_hint.ts";

/** The result of a wait for a real peer. */
export interface WaitResult {
  /** The address that answered. */
  readonly remote: Endpoint;
  /** Connects made, self-connections included. */
  readonly attempts: number;
  /** How many of them were self-connections. */
  readonly selfConnects: number;
  /** Milliseconds from the call. */
  readonly elapsed: number;
}

/**
 * How long `waitForPort` waits by default, in milliseconds.
 *
 * @internal
 */
export const WAIT_TIMEOUT_MS = 30_000;

/**
 * Waits until a real peer accepts a connection, then closes that connection. The options are those of `connect`, with
 * `retry` on and `timeout` 30000; the target may come first: `waitForPort("db:5432")`, `waitForPort(5432)`.
 *
 * On Linux a server on this host is noticed within milliseconds: the kernel's count of sockets is read between the
 * dials, which can therefore be rare. That count is not used with your own schedule (`initialDelay`, `maxDelay`,
 * `multiplier`), nor on Deno without `--allow-all`, which Deno requires for reading /proc/net.
 *
 * @throws TypeError when an option has the wrong type or an unknown name
 * @throws RangeError when a number is out of its range
 * @throws ConnectTimeoutError when no peer accepted in time; `cause` is the last failure
 * @throws `signal.reason`, unchanged, when the signal aborts
 *
 * @example
 * ```ts
 * import { waitForPort } from "@realpeer/tcp";
 * const { remote, elapsed } = await waitForPort("localhost:5432", { timeout: 60_000 });
 * console.log(`${remote.hostname} answered after ${Math.round(elapsed)} ms`);
 * ```
 */
export function waitForPort(options: ConnectOptions): Promise<WaitResult>;
/** The same, with the target first: an endpoint as text (see `parseEndpoint`), or a port of this host. */
export function waitForPort(
  target: string | number,
  options?: Omit<ConnectOptions, "hostname" | "port">,
): Promise<WaitResult>;
export async function waitForPort(
  first: ConnectOptions | string | number,
  more?: Omit<ConnectOptions, "hostname" | "port">,
): Promise<WaitResult> {
  return await waitWithCounts(optionsOf(first, more));
}

/**
 * `waitForPort` for a caller that shows progress: `counts` is updated during the wait.
 *
 * @internal
 */
export async function waitWithCounts(options: ConnectOptions, counts?: AttemptCounts): Promise<WaitResult> {
  const resolved = resolveOptions(options && withWaitDefaults(options), { isWindows });
  return await withAdapter(resolved, (adapter) => waitWith(adapter, resolved, { counts }));
}

/**
 * Waits until an attempt of the adapter succeeds, then closes its socket.
 *
 * @internal
 */
export async function waitWith<Socket>(
  adapter: Adapter<Socket>,
  options: ResolvedOptions,
  context: DialContext,
): Promise<WaitResult> {
  return (await dialAndClose(adapter, options, context)).result;
}

/**
 * The same, and also returns the closed socket.
 *
 * @internal
 */
export async function dialAndClose<Socket>(
  adapter: Adapter<Socket>,
  options: ResolvedOptions,
  context: DialContext,
): Promise<{ readonly result: WaitResult; readonly socket: Socket }> {
  const openHint = (): Hint | null | undefined => openLocalHint(options.target.hostname);
  const { socket, attempts, selfConnects, elapsed } = await dial(adapter, options, { openHint, ...context });
  const { remote } = endsOf(adapter, socket, options.target);
  adapter.close(socket);
  return { result: { remote, attempts, selfConnects, elapsed }, socket };
}

/**
 * The options with the defaults of waiting. A value that is no object is left for `resolveOptions` to reject.
 *
 * @internal
 */
export function withWaitDefaults(options: ConnectOptions): ConnectOptions {
  if (typeof options !== "object") return options;
  const { retry = true, timeout = WAIT_TIMEOUT_MS, ...rest } = ownProperties(options);
  return { ...rest, retry, timeout };
}
