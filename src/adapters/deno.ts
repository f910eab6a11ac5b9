/**
 * A guarded `Deno.connect`: the same options and the same `Deno.TcpConn`, but never one that is connected to itself.
 * Needs `--allow-net=HOST:PORT` and nothing else.
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp/deno";
 * using conn = await connect({ hostname: "127.0.0.1", port: 5432, retry: true });
 * ```
 *
 * @module
 */
import type { Adapter } from "../core/attempt.ts";
import { ownProperties } from "../core/checks.ts";
import { dial } from "../core/dial.ts";
import { type ConnectOptions, foreignOptions, type ResolvedOptions, resolveOptions } from "../core/options.ts";
import { adapterFor } from "./deno/driver.ts";
import { isWindows } from "./detect.ts";

export { ConnectTimeoutError, SelfConnectError } from "../core/errors.ts";
export type { ConnectOptions } from "../core/options.ts";
export type { RetryContext, RetryOptions } from "../core/retry.ts";
export type { Endpoint } from "../core/endpoint.ts";

/** The guard's options, and all others of `Deno.connect`. */
export interface DenoConnectOptions
  extends
    Omit<ConnectOptions, "localAddress" | "localPort" | "allowHalfOpen">,
    Omit<Partial<Deno.ConnectOptions>, keyof ConnectOptions | "transport"> {
  /** The other transports of `Deno.connect` cannot be guarded. @defaultValue `"tcp"` */
  readonly transport?: "tcp" | undefined;
}

/** For a caller that gets the native connection. */
function nativeAdapterFor(nativeOptions: Record<string, unknown> | undefined): Adapter<Deno.TcpConn> {
  return { ...adapterFor(nativeOptions), localPort: ({ localAddr }) => localAddr.port };
}

const plainAdapter = nativeAdapterFor(undefined);

function resolve(options: DenoConnectOptions): ResolvedOptions {
  const { localAddress, localPort, transport }: Record<string, unknown> = ownProperties({ ...options });
  if (localAddress !== undefined || localPort !== undefined) {
    const name = localAddress === undefined ? "localPort" : "localAddress";
    throw new TypeError(
      `Cannot connect: Deno.connect ignores ${name}, use connect from "@realpeer/tcp" or "@realpeer/tcp/node"`,
    );
  }
  if (transport !== undefined && transport !== "tcp") {
    throw new TypeError(`Cannot connect: transport must be "tcp", got ${JSON.stringify(transport)}`);
  }
  return resolveOptions(options, { passesOn: true, isWindows });
}

/**
 * Opens a connection to a real peer with `Deno.connect`.
 *
 * With `stableFor` one read is pending until the first byte arrives, so `Deno.startTls` has to wait for that byte.
 *
 * @throws TypeError when an option has the wrong type, or binds the client end, which `Deno.connect` cannot do
 * @throws RangeError when a number is out of its range
 * @throws SelfConnectError when the kernel connected the socket to itself
 * @throws ConnectTimeoutError when `timeout` or, without retry, `attemptTimeout` ran out
 * @throws `signal.reason`, unchanged, when the signal aborts
 * @throws Deno.errors.NotCapable without permission; every other error is that of `Deno.connect`
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp/deno";
 * using conn = await connect({ port: 5432, retry: true, timeout: 30_000 });
 * ```
 */
export async function connect(options: DenoConnectOptions): Promise<Deno.TcpConn> {
  const resolved = resolve(options);
  const nativeOptions = foreignOptions(options);
  const { socket } = await dial(nativeOptions === undefined ? plainAdapter : nativeAdapterFor(nativeOptions), resolved);
  return socket;
}
