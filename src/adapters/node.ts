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
import * as net from "node:net";
import { type Adapter, LATE_MS, type PortableAdapter, type Target } from "../core/adapter.ts";
import { dialSocket, rejecting } from "../core/bare_call.ts";
import { type ConnectOptions, foreignOptions, planOf } from "../core/options.ts";
import { publishSelfConnection } from "./diagnostics.ts";
import { endpoints, localPort } from "./node/endpoints.ts";
import { isStable } from "./node/read_ahead.ts";
import { GUARDED } from "./node/verdict.ts";
import { wire } from "./node/byte_stream.ts";

export { ConnectTimeoutError, SelfConnectError } from "../core/errors.ts";
export type { ConnectOptions } from "../core/options.ts";
export type { RetryContext, RetryOptions } from "../core/retry.ts";
export type { Endpoint } from "../core/endpoint.ts";
export { createConnection, guardSocket } from "./node/guard.ts";

/** The guard's options, and whatever else `net.connect` takes: `family`, `lookup`, `noDelay`, `keepAlive`, ... */
export interface NodeConnectOptions
  extends ConnectOptions, Omit<Partial<net.TcpNetConnectOpts>, keyof ConnectOptions | "host"> {
  /** Node's own word for `hostname`. */
  readonly host?: string | undefined;
}

function reset(socket: net.Socket): void {
  // What a reset socket reports afterwards is about a connection nobody was given.
  socket.on("error", () => {});
  socket.resetAndDestroy();
}

/**
 * Gives up a socket that may be connected already without the event loop knowing. A self-connection is complete as soon
 * as connect(2) returns, and destroy() would leave its TIME-WAIT.
 */
function abandon(socket: net.Socket): void {
  socket.on("error", () => {});
  socket.once("connect", () => socket.resetAndDestroy());
  // A loop that comes late runs its timers before it polls; behind two immediates there has been a poll in any case.
  setTimeout(() => setImmediate(() => setImmediate(() => socket.destroy())), LATE_MS);
}

/** What the abort of a signal ends now. */
const pending = new WeakMap<AbortSignal, (() => void) | undefined>();

/** The attempts of one call share a signal: one listener for all costs less than one for each. */
function setOnAbort(signal: AbortSignal, onAbort: (() => void) | undefined): void {
  if (!pending.has(signal)) signal.addEventListener("abort", () => pending.get(signal)?.());
  pending.set(signal, onAbort);
}

function open(options: net.NetConnectOpts, signal: AbortSignal | undefined): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    // Node opens and keeps a socket even for a signal that is aborted already, and its signal outlives connecting.
    if (signal?.aborted) return reject(signal.reason);
    const socket = net.connect(options);
    const settle = (): void => {
      if (signal) setOnAbort(signal, undefined);
    };
    const onConnect = (): void => {
      settle();
      socket.off("error", onError);
      resolve(socket);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onAbort = (): void => {
      settle();
      socket.off("connect", onConnect).off("error", onError);
      abandon(socket);
      reject(signal?.reason);
    };
    socket.once("connect", onConnect).once("error", onError);
    if (signal) setOnAbort(signal, onAbort);
  });
}

function adapterFor(nativeOptions: Record<string, unknown> | undefined): Adapter<net.Socket> {
  return {
    runtime: "node",
    open({ hostname, port, localAddress, localPort }: Target, signal?: AbortSignal): Promise<net.Socket> {
      const options: net.TcpNetConnectOpts & { [GUARDED]?: true } = { ...nativeOptions, host: hostname, port };
      if (localAddress !== undefined) options.localAddress = localAddress;
      if (localPort !== undefined) options.localPort = localPort;
      // The core compares the ends, and dials again: a process-wide guard must not answer for it.
      if (GUARDED in net.Socket.prototype.connect) options[GUARDED] = true;
      return open(options, signal);
    },
    endpoints,
    localPort,
    reset,
    close: (socket) => socket.on("error", () => {}).destroy(),
    isStable,
    publish: publishSelfConnection,
  };
}

/**
 * What the portable API runs on under Node, and elsewhere for what the runtime's own call cannot do.
 *
 * @internal
 * @ignore
 */
export const nodeAdapter: PortableAdapter<net.Socket> = { ...adapterFor(undefined), wire };

/**
 * Opens a connection to a real peer with `net.connect`.
 *
 * @throws {TypeError} when an option has the wrong type
 * @throws {RangeError} when a number is out of its range
 * @throws {SelfConnectError} when the kernel connected the socket to itself
 * @throws {ConnectTimeoutError} when `timeout` ran out
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp/node";
 * const socket = await connect({ port: 5432, noDelay: true, retry: true, timeout: 30_000 });
 * socket.end("hello");
 * ```
 */
export function connect(options: NodeConnectOptions): Promise<net.Socket> {
  return rejecting(() => {
    const host = options?.host;
    const plan = planOf(host === undefined ? options : { ...options, hostname: options.hostname ?? host }, true);
    const nativeOptions = foreignOptions(options);
    return dialSocket(nativeOptions === undefined ? nodeAdapter : adapterFor(nativeOptions), plan);
  });
}
