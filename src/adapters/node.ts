/**
 * A guarded connect for `node:net`, on Node, Bun and Deno: the same options and the same `net.Socket`, but never one
 * that is connected to itself.
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp/node";
 * const socket = await connect({ host: "127.0.0.1", port: 5432, retry: true });
 * socket.destroy();
 * ```
 *
 * @module
 */
import type * as net from "node:net";
import type { Adapter } from "../core/attempt.ts";
import { dial } from "../core/dial.ts";
import { ownProperty } from "../core/checks.ts";
import { type ConnectOptions, foreignOptions, resolveOptions } from "../core/options.ts";
import { isWindows } from "./detect.ts";
import { adapterFor } from "./node/driver.ts";
import { openByName } from "./node/open.ts";

export { ConnectTimeoutError, SelfConnectError } from "../core/errors.ts";
export type { ConnectOptions } from "../core/options.ts";
export type { RetryContext, RetryOptions } from "../core/retry.ts";
export type { Endpoint } from "../core/endpoint.ts";
export { createConnection, guardSocket } from "./node/guard.ts";

/** The guard's options, and all others of `net.connect`: `family`, `lookup`, `noDelay`, `keepAlive`, ... */
export interface NodeConnectOptions
  extends ConnectOptions, Omit<Partial<net.TcpNetConnectOpts>, keyof ConnectOptions | "host"> {
  /** Node's own name for `hostname`. */
  readonly host?: string | undefined;
}

/** For a caller that gets the native socket. */
function nativeAdapterFor(nativeOptions: Partial<net.TcpNetConnectOpts> | undefined): Adapter<net.Socket> {
  return {
    ...adapterFor(nativeOptions),
    open: (target) => openByName(target, nativeOptions),
    localPort: ({ localPort }) => localPort,
  };
}

const plainAdapter = nativeAdapterFor(undefined);

function withHostname({ host, ...rest }: NodeConnectOptions): NodeConnectOptions {
  if (rest.hostname !== undefined) {
    throw new TypeError("Cannot connect: host and hostname are both given, leave one out");
  }
  return { ...rest, hostname: host };
}

/**
 * Opens a connection to a real peer with `net.connect`.
 *
 * @throws TypeError when an option has the wrong type
 * @throws RangeError when a number is out of its range
 * @throws SelfConnectError when the kernel connected the socket to itself
 * @throws ConnectTimeoutError when `timeout` or, without retry, `attemptTimeout` ran out
 * @throws `signal.reason`, unchanged, when the signal aborts; every other error is that of `net.connect`
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp/node";
 * const socket = await connect({ port: 5432, noDelay: true, retry: true, timeout: 30_000 });
 * socket.end("hello");
 * ```
 */
export async function connect(options: NodeConnectOptions): Promise<net.Socket> {
  const hasHost = typeof options === "object" && options !== null && ownProperty(options, "host") !== undefined;
  const given = hasHost ? withHostname(options) : options;
  const resolved = resolveOptions(given, { passesOn: true, isWindows });
  const nativeOptions = foreignOptions(given);
  const { socket } = await dial(nativeOptions === undefined ? plainAdapter : nativeAdapterFor(nativeOptions), resolved);
  return socket;
}
