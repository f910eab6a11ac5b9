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
import { ALL } from "node:dns";
import * as net from "node:net";
import process from "node:process";
import type { Adapter, Attempt, Target } from "../core/attempt.ts";
import type { PortableAdapter } from "../core/byte_stream.ts";
import { afterPoll } from "../core/clock.ts";
import { dial } from "../core/dial.ts";
import { type ConnectOptions, foreignOptions, ownProperties, resolveOptions } from "../core/options.ts";
import { publishSelfConnection } from "./diagnostics.ts";
import { assertMayBind } from "./detect.ts";
import { byteStream } from "./node/byte_stream.ts";
import { endpoints } from "./node/endpoints.ts";
import { lookup, lookupWith } from "./node/lookup.ts";
import { watchPeer } from "./node/read_ahead.ts";
import { GUARDED } from "./node/verdict.ts";

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

const ignore = (): void => {};

/**
 * Destroys a socket after the event loop has reported any complete connect: a self-connection is complete when
 * connect(2) returns, and destroy() would leave its TIME-WAIT. At the next address of a name the wait starts again.
 */
function abandon(socket: net.Socket): void {
  const destroyLater = (): () => void => afterPoll(() => socket.destroy());
  let cancel = destroyLater();
  socket.on("error", ignore).on("connectionAttempt", () => {
    cancel();
    cancel = destroyLater();
  });
}

function open(options: net.TcpNetConnectOpts): Attempt<net.Socket> {
  assertMayBind(options);
  const socket = net.connect(options);
  const opened = new Promise<net.Socket>((resolve, reject) => {
    socket.once("error", reject).once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
  return { opened, abandon: () => abandon(socket) };
}

type DialOptions = net.TcpNetConnectOpts & { [GUARDED]?: true };

/**
 * Own properties, so that node:net does not take these options from Object.prototype. `hints` takes the place of
 * ADDRCONFIG, with which a host that has `::1` alone of all IPv6 addresses never dials it.
 */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  hints: ALL,
  ...Object.fromEntries(
    ["allowHalfOpen", "autoSelectFamily", "family", "lookup", "path", "signal", "timeout"].map((
      name,
    ) => [name, undefined]),
  ),
};

function adapterFor(nativeOptions: Partial<net.TcpNetConnectOpts> | undefined): Adapter<net.Socket> {
  const hasOwnLookup = ["lookup", "family", "hints"].some((name) => Object.hasOwn(nativeOptions ?? {}, name));
  return {
    open({ hostname, port, localAddress, localPort }: Target): Attempt<net.Socket> {
      const options: DialOptions = { ...DEFAULTS, ...nativeOptions, host: hostname, port, localAddress, localPort };
      // The core compares the ends and dials again, so the process-wide guard must ignore this socket.
      if (GUARDED in net.Socket.prototype.connect) options[GUARDED] = true;
      return open(options);
    },
    endpoints,
    reset(socket: net.Socket): void {
      // No caller has this socket, so no caller needs its later errors.
      socket.on("error", ignore).resetAndDestroy();
    },
    close: (socket) => void socket.on("error", ignore).destroy(),
    watchPeer,
    lookup: hasOwnLookup ? lookupWith(nativeOptions ?? {}) : lookup,
    localPort: undefined,
    publish: publishSelfConnection,
  };
}

/**
 * The adapter of the portable API on Node, and on other runtimes where their own connect lacks a feature.
 *
 * @internal
 * @ignore
 */
export const nodeAdapter: PortableAdapter<net.Socket> = { ...adapterFor(undefined), byteStream };

/** For a caller that gets the native socket. */
function nativeAdapterFor(nativeOptions: Partial<net.TcpNetConnectOpts> | undefined): Adapter<net.Socket> {
  return { ...adapterFor(nativeOptions), localPort: ({ localPort }) => localPort };
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
 * @throws ConnectTimeoutError when `timeout` ran out
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp/node";
 * const socket = await connect({ port: 5432, noDelay: true, retry: true, timeout: 30_000 });
 * socket.end("hello");
 * ```
 */
export async function connect(options: NodeConnectOptions): Promise<net.Socket> {
  const hasHost = typeof options === "object" && options !== null && ownProperties(options).host !== undefined;
  const given = hasHost ? withHostname(options) : options;
  const resolved = resolveOptions(given, { passesOn: true, isWindows: process.platform === "win32" });
  const nativeOptions = foreignOptions(given);
  const { socket } = await dial(nativeOptions === undefined ? plainAdapter : nativeAdapterFor(nativeOptions), resolved);
  return socket;
}
