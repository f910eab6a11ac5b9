import { withAdapter } from "../adapters/detect.ts";
import { dial } from "../core/dial.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { type ConnectOptions, planOf } from "../core/options.ts";

/** What it took until a real peer accepted. */
export interface WaitResult {
  /** The address that answered. */
  readonly remote: Endpoint;
  /** Connects made, self-connections included. */
  readonly attempts: number;
  /** How many of them the kernel had connected to themselves. */
  readonly selfConnects: number;
  /** Milliseconds from the call. */
  readonly elapsed: number;
}

/** How long `waitForPort` waits unless told otherwise, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Waits until a real peer accepts connections, then closes the one that proved it. The options are those of `connect`,
 * with `retry` on and `timeout` 30000.
 *
 * @throws {TypeError} when an option has the wrong type or an unknown name
 * @throws {RangeError} when a number is out of its range
 * @throws {ConnectTimeoutError} when nobody accepted in time; `cause` is the last failure
 * @throws `signal.reason`, as it is, when the signal aborts
 *
 * @example
 * ```ts
 * import { waitForPort } from "@realpeer/tcp";
 * const { remote, elapsed } = await waitForPort({ port: 5432, timeout: 60_000 });
 * console.log(`${remote.hostname} answered after ${Math.round(elapsed)} ms`);
 * ```
 */
export async function waitForPort(options: ConnectOptions): Promise<WaitResult> {
  const plan = planOf(options && withDefaults(options));
  return await withAdapter(plan, async (adapter) => {
    const { socket, pair, attempts, selfConnects, elapsed } = await dial(adapter, plan);
    adapter.close(socket);
    return { remote: pair.remote, attempts, selfConnects, elapsed };
  });
}

function withDefaults(options: ConnectOptions): ConnectOptions {
  if (typeof options !== "object") return options;
  const { retry = true, timeout = DEFAULT_TIMEOUT_MS } = options;
  return { ...options, retry, timeout };
}
