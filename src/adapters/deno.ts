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
import type { Adapter, Attempt, Target } from "../core/attempt.ts";
import type { PortableAdapter } from "../core/byte_stream.ts";
import { afterPoll } from "../core/clock.ts";
import { dial } from "../core/dial.ts";
import type { EndpointPair } from "../core/endpoint.ts";
import {
  type ConnectOptions,
  foreignOptions,
  ownProperties,
  type ResolvedOptions,
  resolveOptions,
} from "../core/options.ts";
import { byteStream } from "./deno/byte_stream.ts";
import { close, reset } from "./deno/closing.ts";
import { ReadAhead } from "./deno/read_ahead.ts";
import { publishSelfConnection } from "./diagnostics.ts";

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

function endpoints({ localAddr, remoteAddr }: Deno.TcpConn): EndpointPair {
  return {
    local: { hostname: localAddr.hostname, port: localAddr.port },
    remote: { hostname: remoteAddr.hostname, port: remoteAddr.port },
  };
}

/** If the `finally` of Deno.connect throws, a socket that has been opened meanwhile is lost. */
const neverThrows: PropertyDescriptor = { value() {} };

/**
 * Deno.connect loses a connected socket when the abort comes before its own continuation: the socket stays open for the
 * life of the process (ext/net/01_net.js, `finally { signal.throwIfAborted() }`). With a `throwIfAborted` that does
 * nothing such a connect resolves. A test fails once Deno no longer needs this.
 *
 * An abort closes the socket normally. A self-connection that is complete but not reported yet would leave a TIME-WAIT,
 * so the abort waits until Deno has reported such a socket.
 */
function openAbandonable(options: Deno.ConnectOptions): Attempt<Deno.TcpConn> {
  const controller = new AbortController();
  Object.defineProperty(controller.signal, "throwIfAborted", neverThrows);
  const opened = Deno.connect(Object.assign(options, { signal: controller.signal }));
  return { opened, abandon: () => void afterPoll(() => controller.abort()) };
}

/**
 * The addresses of a name, if this process may dial any address. The permission `--allow-net=HOST:PORT` covers a name
 * only as long as it is dialed by name.
 */
async function lookup(hostname: string): Promise<readonly string[] | null> {
  const { state, partial } = Deno.permissions.querySync({ name: "net" });
  if (state !== "granted" || partial === true) return null;
  return await (await import("./node/lookup.ts")).lookup(hostname);
}

function adapterFor(nativeOptions: Record<string, unknown> | undefined): Adapter<Deno.TcpConn> {
  return {
    open({ hostname, port }: Target, mayAbandon: boolean): Attempt<Deno.TcpConn> {
      // Without a prototype: Deno would read options from Object.prototype.
      const options: Deno.ConnectOptions = Object.assign(Object.create(null), nativeOptions, { hostname, port });
      return mayAbandon ? openAbandonable(options) : { opened: Deno.connect(options), abandon() {} };
    },
    endpoints,
    reset,
    close,
    watchPeer: (conn) => new ReadAhead(conn),
    lookup,
    localPort: undefined,
    publish: publishSelfConnection,
  };
}

/**
 * The adapter of the portable API on Deno.
 *
 * @internal
 * @ignore
 */
export const denoAdapter: PortableAdapter<Deno.TcpConn> = { ...adapterFor(undefined), byteStream };

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
  return resolveOptions(options, { passesOn: true, isWindows: Deno.build.os === "windows" });
}

/**
 * Opens a connection to a real peer with `Deno.connect`.
 *
 * With `stableFor` one read is pending until the first byte arrives, so `Deno.startTls` has to wait for that byte.
 *
 * @throws TypeError when an option has the wrong type, or binds the client end, which `Deno.connect` cannot do
 * @throws RangeError when a number is out of its range
 * @throws SelfConnectError when the kernel connected the socket to itself
 * @throws ConnectTimeoutError when `timeout` ran out
 * @throws Deno.errors.NotCapable without permission; every error of `Deno.connect` is passed on unchanged
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
