import * as net from "node:net";
import { isPort } from "../../core/endpoint.ts";
import { awaitVerdict, GUARDED, type Method } from "./verdict.ts";

/** What `connect` takes, as far as it matters here. */
interface DialOptions {
  readonly port?: unknown;
  readonly path?: unknown;
  readonly localPort?: unknown;
  /** The connection that a TLS socket goes over; it is guarded, or not, by itself. */
  readonly socket?: unknown;
  readonly [GUARDED]?: true;
}

function dialOptions(args: readonly unknown[]): DialOptions {
  const first = args[0];
  // net.connect and tls.connect hand over an array of what they have parsed already.
  const options: unknown = Array.isArray(first) ? first[0] : first;
  return typeof options === "object" && options !== null ? options : { port: options };
}

/** The TCP port that is dialed; undefined for pipes and unix sockets, whose name may stand where a port does. */
function dialedPort({ port, path }: DialOptions): number | undefined {
  const number = path ? undefined : Number(port);
  return isPort(number) ? number : undefined;
}

/** Replaces `connect` of a socket, or of a prototype, so that a verdict follows each call. */
function guardConnect(owner: net.Socket, isLeftAlone: (options: DialOptions) => boolean): void {
  const connect = owner.connect as Method;
  const guardedConnect: Method = function (...args) {
    const result = connect.apply(this, args);
    const options = dialOptions(args);
    const port = dialedPort(options);
    if (port !== undefined && !isLeftAlone(options)) awaitVerdict(this, port);
    return result;
  };
  Object.defineProperties(guardedConnect, {
    name: { value: connect.name, configurable: true },
    length: { value: connect.length, configurable: true },
    [GUARDED]: { value: true },
  });
  const shape = Object.getOwnPropertyDescriptor(owner, "connect") ?? { configurable: true, writable: true };
  Object.defineProperty(owner, "connect", { ...shape, value: guardedConnect });
}

/**
 * Guards a socket that is not connected yet, for clients that call its `connect` themselves or are handed one that is
 * still connecting. For a self-connection it never emits 'connect' or 'ready', but, as for a refusal, 'error' with a
 * `SelfConnectError` and 'close'; the kernel's socket has then been reset, so that a server can bind the port. Any
 * later `connect` of the same socket is guarded too. For a real peer nothing changes.
 *
 * Returns the socket it was given. It may be a TLS socket.
 *
 * @throws TypeError when it is no `net.Socket`
 * @throws Error when it is connected already: its listeners may have been told
 *
 * @example
 * ```ts
 * import { Socket } from "node:net";
 * import { guardSocket } from "@realpeer/tcp/node";
 * const socket = guardSocket(new Socket());
 * socket.on("error", (error) => console.log(error.message));
 * socket.connect(5432, "127.0.0.1");
 * ```
 */
export function guardSocket<Socket extends net.Socket>(socket: Socket): Socket {
  if (!(socket instanceof net.Socket)) {
    throw new TypeError(`Cannot guard socket: expected a net.Socket, got ${socket === null ? "null" : typeof socket}`);
  }
  if (!socket.connecting && socket.remotePort !== undefined) {
    throw new Error("Cannot guard socket: it is connected already");
  }
  if (socket.connecting) awaitVerdict(socket);
  if (!Object.hasOwn(socket, "connect")) guardConnect(socket, () => false);
  return socket;
}

/**
 * `net.createConnection`, with all its signatures, but guarded: the socket is returned at once, and never emits 'connect'
 * or 'ready' for a self-connection, but 'error' with a `SelfConnectError` and 'close'. It does not dial again; that is
 * what the caller's own handling of ECONNREFUSED does.
 *
 * @throws what `net.createConnection` throws
 *
 * @example
 * ```ts
 * import { Agent } from "node:http";
 * import type { NetConnectOpts } from "node:net";
 * import { createConnection } from "@realpeer/tcp/node";
 * const agent = new Agent({ keepAlive: true });
 * agent.createConnection = (options) => createConnection(options as NetConnectOpts);
 * ```
 */
export const createConnection: typeof net.createConnection = (...args: unknown[]): net.Socket => {
  const socket: net.Socket = Reflect.apply(net.createConnection, net, args);
  awaitVerdict(socket, dialedPort(dialOptions(args)));
  return guardSocket(socket);
};

/**
 * Guards every later socket of this process, or worker thread, except those whose `localPort` the program chooses. Calling
 * it again, also from another copy of this module, changes nothing.
 */
export function guardAllSockets(): void {
  if (GUARDED in net.Socket.prototype.connect) return;
  guardConnect(
    net.Socket.prototype,
    ({ localPort, socket, [GUARDED]: isGuarded }) => Boolean(localPort) || socket !== undefined || isGuarded === true,
  );
}
