import * as net from "node:net";
import { isPort } from "../../core/endpoint.ts";
import { awaitVerdict, GUARDED, type Method } from "./verdict.ts";

/** The options of `connect` that matter here. */
interface DialOptions {
  readonly port?: unknown;
  readonly path?: unknown;
  readonly localPort?: unknown;
  /** The connection below a TLS socket. It has its own guard, or none. */
  readonly socket?: unknown;
  readonly [GUARDED]?: true;
}

function dialOptions(args: readonly unknown[]): DialOptions {
  const first = args[0];
  // net.connect and tls.connect pass an array with the arguments they have already parsed.
  const options: unknown = Array.isArray(first) ? first[0] : first;
  return typeof options === "object" && options !== null ? options : { port: options };
}

/** The dialed TCP port; undefined for pipes and unix sockets, whose name may be in the place of a port. */
function targetPort({ port, path }: DialOptions): number | undefined {
  const number = path ? undefined : Number(port);
  return isPort(number) ? number : undefined;
}

/** A `connect` each call of which is followed by a verdict. */
function guarded(connect: Method, isLeftAlone: (socket: net.Socket, options: DialOptions) => boolean): Method {
  const guardedConnect: Method = function (...args) {
    const result = connect.apply(this, args);
    const options = dialOptions(args);
    const port = targetPort(options);
    if (port !== undefined && !isLeftAlone(this, options)) awaitVerdict(this, port);
    return result;
  };
  Object.defineProperties(guardedConnect, {
    name: { value: connect.name, configurable: true },
    length: { value: connect.length, configurable: true },
    [GUARDED]: { value: true },
  });
  return guardedConnect;
}

/** The `connect` of single sockets, one for each original: making one takes longer than all else that the guard does. */
const connectOfSockets = new WeakMap<Method, Method>();

function guardConnectOf(socket: net.Socket): void {
  const connect = socket.connect as Method;
  const known = connectOfSockets.get(connect) ?? guarded(connect, () => false);
  connectOfSockets.set(connect, known);
  // Not enumerable: a guarded socket has the same keys as a bare one.
  Object.defineProperty(socket, "connect", { value: known, configurable: true, writable: true });
}

/**
 * Guards a socket that is not connected yet, for clients that call its `connect` themselves or that take a socket which
 * is still connecting. For a self-connection it never emits 'connect' or 'ready'. It emits 'error' with a
 * `SelfConnectError` and 'close', as for a refusal; the kernel's socket has then been reset, so that a server can bind
 * the port. Every later `connect` of the same socket is guarded too. For a real peer nothing changes.
 *
 * Returns the same socket. It may be a TLS socket.
 *
 * @throws TypeError when the argument is no `net.Socket`
 * @throws Error when the socket is already connected: its listeners may have been called
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
  if (!Object.hasOwn(socket, "connect")) guardConnectOf(socket);
  return socket;
}

/**
 * `net.createConnection`, with all its signatures, but guarded. The socket is returned at once. For a self-connection
 * it emits 'error' with a `SelfConnectError` and 'close', and never 'connect' or 'ready'. It does not dial again; the
 * caller's handling of ECONNREFUSED does.
 *
 * @throws the errors of `net.createConnection`
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
  awaitVerdict(socket, targetPort(dialOptions(args)));
  return guardSocket(socket);
};

/**
 * Guards every later socket of this process, or worker thread, except those whose `localPort` the program chooses.
 * Another call, even from another copy of this module, changes nothing.
 */
export function guardAllSockets(): void {
  if (GUARDED in net.Socket.prototype.connect) return;
  const { prototype } = net.Socket;
  const connect = guarded(prototype.connect as Method, (socket, options) => {
    const { localPort, socket: transport, [GUARDED]: isGuarded } = options;
    // A socket without TLS dials whatever its options have there.
    const goesOver = Boolean(transport) && Reflect.get(socket, "encrypted") === true;
    return Boolean(localPort) || goesOver || isGuarded === true;
  });
  // An assignment keeps what Object.keys() and the like see of the prototype.
  prototype.connect = connect as net.Socket["connect"];
}
