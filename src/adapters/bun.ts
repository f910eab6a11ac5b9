/**
 * A guarded `Bun.connect`: the same options, handlers and `Bun.Socket`, but never one that is connected to itself. The
 * handlers hear nothing of attempts that were rejected, and every byte of the one that was not.
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
import type { Adapter, PortableAdapter, Target } from "../core/adapter.ts";
import { dial } from "../core/dial.ts";
import { dialFrom, isBare, rejecting } from "../core/bare_call.ts";
import { type EndpointPair, ipVersion } from "../core/endpoint.ts";
import { type ConnectOptions, foreignOptions, type Plan, planOf } from "../core/options.ts";
import { callOpen, handOver, withData } from "./bun/attach_handlers.ts";
import { isStable, Mailbox, mailboxHandlers, tlsMailboxHandlers } from "./bun/event_buffer.ts";
import { openUntilAborted } from "./bun_pending.ts";
import type { BunSocket, BunSocketOptions } from "./bun/types.ts";
import { wire } from "./bun/byte_stream.ts";
import { publishSelfConnection } from "./diagnostics.ts";

export { ConnectTimeoutError, SelfConnectError } from "../core/errors.ts";
export type { ConnectOptions } from "../core/options.ts";
export type { RetryContext, RetryOptions } from "../core/retry.ts";
export type { Endpoint } from "../core/endpoint.ts";
export type { BunSocket, BunSocketOptions } from "./bun/types.ts";

/** The guard's options, and whatever else `Bun.connect` takes. */
export interface BunConnectOptions<Data = undefined>
  extends ConnectOptions, Omit<BunSocketOptions<Data>, "hostname" | "port"> {}

type MailboxSocket = Bun.Socket<Mailbox>;

/** What Bun.connect takes, the two options its types do not declare included. */
type NativeOptions<Data = Mailbox> = Bun.TCPSocketConnectOptions<Data> & Pick<Target, "localAddress" | "localPort">;

/** Bun.connect ignores a local port that comes without an address; any address of the right version will do. */
function withLocalAddress(plan: Plan): Plan {
  const { hostname, localAddress, localPort } = plan.target;
  if (localPort === undefined || localAddress !== undefined) return plan;
  const version = ipVersion(hostname);
  if (version === 0) {
    throw new TypeError("Cannot connect: Bun.connect ignores localPort without localAddress, give both");
  }
  return { ...plan, target: { ...plan.target, localAddress: version === 4 ? "0.0.0.0" : "::" } };
}

function endpoints(socket: MailboxSocket): EndpointPair | null {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  // Bun leaves these empty once a socket is closed, whatever its types say.
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return null;
  return {
    local: { hostname: localAddress, port: localPort },
    remote: { hostname: remoteAddress, port: remotePort },
  };
}

function adapterFor(
  nativeOptions: Omit<NativeOptions, "hostname" | "port" | "socket">,
  handlers: Bun.SocketHandler<Mailbox>,
  onRefused: (socket: MailboxSocket) => void = () => {},
): Adapter<MailboxSocket> {
  const socketHandlers: Bun.SocketHandler<Mailbox> = { ...handlers, connectError: onRefused };
  return {
    runtime: "bun",
    open(target: Target, signal?: AbortSignal): Promise<MailboxSocket> {
      if (signal?.aborted) return Promise.reject(signal.reason);
      const options: NativeOptions = { ...nativeOptions, ...target, socket: socketHandlers, data: new Mailbox() };
      const pending = Bun.connect<Mailbox>(options);
      return signal ? openUntilAborted(pending, signal) : pending;
    },
    endpoints,
    // Empty once the socket is closed, like the addresses.
    localPort: ({ localPort }) => localPort || undefined,
    reset(socket: MailboxSocket): void {
      onRefused(socket);
      socket.terminate();
    },
    close: (socket) => void socket.end(),
    isStable,
    publish: publishSelfConnection,
  };
}

/**
 * What the portable API runs on under Bun.
 *
 * @internal
 * @ignore
 */
export const bunAdapter: PortableAdapter<unknown> = {
  ...adapterFor({ allowHalfOpen: true }, mailboxHandlers),
  wire,
};

/** A socket that was opened with its user's handlers, from now on with ours: nobody hears of what becomes of it. */
function intoMailbox<Data>(userSocket: Bun.Socket<Data>): MailboxSocket {
  const socket = withData(userSocket, new Mailbox());
  socket.reload({ socket: mailboxHandlers });
  return socket;
}

/**
 * The whole way: everything is kept in a mailbox until the peer is proved real. It may begin with a socket that is open
 * already.
 */
async function connectKept<Data>(
  options: BunConnectOptions<Data>,
  plan: Plan,
  suspect?: MailboxSocket,
): Promise<Bun.Socket<Data>> {
  const { socket: handlers, data, ...nativeOptions } = foreignOptions(options) as Omit<
    Bun.TCPSocketConnectOptions<Data>,
    "hostname" | "port"
  >;
  const isTls = Boolean(nativeOptions.tls);
  let refused: MailboxSocket | undefined;
  const adapter = adapterFor(nativeOptions, isTls ? tlsMailboxHandlers : mailboxHandlers, (socket) => refused = socket);
  try {
    const { socket } = await (suspect ? dialFrom(suspect, adapter, plan) : dial(adapter, plan));
    refused = undefined;
    return handOver(socket, handlers, data as Data, isTls);
  } catch (error) {
    if (refused) handlers.connectError?.(withData(refused, data as Data), error as Error);
    throw error;
  }
}

/**
 * The bare call with the user's own handlers, which can hear nothing too early but `open`: the local port is looked at
 * before any other event.
 */
function connectBare<Data>(
  options: BunConnectOptions<Data>,
  handlers: Bun.SocketHandler<Data>,
  plan: Plan,
): Promise<Bun.Socket<Data>> {
  const { target } = plan;
  const isAsGiven = handlers.open === undefined && target.hostname === options.hostname &&
    target.localPort === undefined;
  const given = isAsGiven ? options : { ...options, ...target, socket: { ...handlers, open: undefined } };
  return Bun.connect<Data>(given as NativeOptions<Data>).then((socket) => {
    if (socket.localPort === target.port) return connectKept(options, plan, intoMailbox(socket));
    if (handlers.open !== undefined) callOpen(socket, handlers);
    return socket;
  });
}

/**
 * Opens a connection to a real peer with `Bun.connect`.
 *
 * `connectError`, as in the bare call, is called when connecting failed for good, before the promise rejects. A pending
 * connect cannot be cancelled in Bun: after an abort or a timeout the promise rejects at once, but the process does not
 * end before the kernel gives up; connect from `@realpeer/tcp` does not have that limit.
 *
 * @throws {TypeError} when an option has the wrong type
 * @throws {RangeError} when a number is out of its range
 * @throws {SelfConnectError} when the kernel connected the socket to itself
 * @throws {ConnectTimeoutError} when `timeout` ran out
 *
 * @example
 * ```ts ignore
 * import { connect } from "@realpeer/tcp/bun";
 * const socket = await connect({ port: 5432, retry: true, socket: { data() {} } });
 * socket.end("hello");
 * ```
 */
export function connect<Data = undefined>(options: BunConnectOptions<Data>): Promise<BunSocket<Data>> {
  return rejecting(() => {
    const plan = withLocalAddress(planOf(options, true));
    const { socket: handlers, tls } = options;
    if (typeof handlers?.data !== "function" && typeof handlers?.drain !== "function") {
      throw new TypeError(`Cannot connect: socket must have a "data" or "drain" handler`);
    }
    return isBare(plan) && !tls ? connectBare(options, handlers, plan) : connectKept(options, plan);
  });
}
