/**
 * A guarded `Bun.connect`: the same options, handlers and `Bun.Socket`, but never one that is connected to itself. The
 * handlers get no events of rejected attempts, and every byte of the accepted connection.
 *
 * @example
 * ```ts ignore
 * import { connect } from "@realpeer/tcp/bun";
 * const socket = await connect({
 *   hostname: "127.0.0.1",
 *   port: 5432,
 *   retry: true,
 *   socket: {
 *     data(socket, chunk) {
 *       console.log(chunk.toString());
 *       socket.end();
 *     },
 *   },
 * });
 * socket.write("hello");
 * ```
 *
 * @module
 */
import type { Adapter } from "../core/attempt.ts";
import { assertFunction } from "../core/checks.ts";
import { dial } from "../core/dial.ts";
import { ipVersion } from "../core/endpoint.ts";
import { type ConnectOptions, foreignOptions, type ResolvedOptions, resolveOptions } from "../core/options.ts";
import { callOpen, opensAfterHandshake, ownHandlers, withData } from "./bun/attach_handlers.ts";
import { adapterFor } from "./bun/driver.ts";
import { EventBuffer } from "./bun/event_buffer.ts";
import { attachHandlers } from "./bun/replay.ts";
import type { BunSocket, BunSocketOptions } from "./bun/types.ts";
import { isWindows } from "./detect.ts";

export { ConnectTimeoutError, SelfConnectError } from "../core/errors.ts";
export type { ConnectOptions } from "../core/options.ts";
export type { RetryContext, RetryOptions } from "../core/retry.ts";
export type { Endpoint } from "../core/endpoint.ts";
export type { BunSocket, BunSocketOptions } from "./bun/types.ts";

/** The guard's options, and all others of `Bun.connect`. */
export interface BunConnectOptions<Data = undefined>
  extends ConnectOptions, Omit<BunSocketOptions<Data>, keyof ConnectOptions> {}

/** Bun.connect ignores localPort without localAddress: adds the unspecified address of the target's IP version. */
function withLocalAddress(resolved: ResolvedOptions): ResolvedOptions {
  const { hostname, localAddress, localPort } = resolved.target;
  if (localPort === undefined || localAddress !== undefined) return resolved;
  const version = ipVersion(hostname);
  if (version === 0) {
    throw new TypeError("Cannot connect: Bun.connect ignores localPort without localAddress, give both");
  }
  return { ...resolved, target: { ...resolved.target, localAddress: version === 4 ? "0.0.0.0" : "::" } };
}

/**
 * Opens a connection to a real peer with `Bun.connect`.
 *
 * As in `Bun.connect`, `connectError` is called before the promise rejects, but only after the last attempt. Bun cannot
 * cancel a pending connect: after an abort or a timeout the promise rejects at once, but the process does not end
 * before the kernel gives up. `connect` from `@realpeer/tcp` does not have that limit.
 *
 * @throws TypeError when an option has the wrong type
 * @throws RangeError when a number is out of its range
 * @throws SelfConnectError when the kernel connected the socket to itself
 * @throws ConnectTimeoutError when `timeout` or, without retry, `attemptTimeout` ran out
 * @throws `signal.reason`, unchanged, when the signal aborts; every other error is that of `Bun.connect`
 *
 * @example
 * ```ts ignore
 * import { connect } from "@realpeer/tcp/bun";
 * const socket = await connect({ port: 5432, retry: true, socket: { data() {} } });
 * socket.end("hello");
 * ```
 */
export async function connect<Data = undefined>(options: BunConnectOptions<Data>): Promise<BunSocket<Data>> {
  const resolved = withLocalAddress(resolveOptions(options, { passesOn: true, isWindows }));
  const { socket: given, data, ...native } = (foreignOptions(options) ?? {}) as Omit<
    Bun.TCPSocketConnectOptions<Data>,
    "hostname" | "port"
  >;
  if (typeof given?.data !== "function" && typeof given?.drain !== "function") {
    throw new TypeError(`Cannot connect: socket must have a "data" or "drain" handler`);
  }
  const isTls = Boolean(native.tls);
  const handlers = ownHandlers(given);
  // Bun gets these two from us.
  for (const name of ["open", "connectError"] as const) assertFunction(`socket.${name}`, handlers[name] ?? undefined);
  const opensLate = opensAfterHandshake(handlers, isTls);
  const open = (socket: Bun.Socket<Data>): void => void callOpen(socket, handlers);
  let refused: Bun.Socket<Data> | undefined;
  const { open: _open, ...heard } = handlers;
  const shown: Bun.SocketHandler<Data> = {
    ...heard,
    connectError: (socket) => void (refused = socket),
    ...(opensLate ? { handshake: open } : {}),
  };
  const adapter: Adapter<Bun.Socket<Data>> = {
    ...adapterFor<Data>({ ...native, data: data as Data }, shown, (socket) => refused = socket),
    // Bun leaves it empty once the socket is closed.
    localPort: ({ localPort }) => localPort || undefined,
  };
  try {
    const { socket } = await dial(adapter, resolved);
    const kept: unknown = socket.data;
    if (kept instanceof EventBuffer) return attachHandlers(withData(socket, kept), handlers, data as Data, isTls);
    if (!opensLate) open(socket);
    return socket;
  } catch (error) {
    if (refused) handlers.connectError?.call(refused, withData(refused, data as Data), error as Error);
    throw error;
  }
}
