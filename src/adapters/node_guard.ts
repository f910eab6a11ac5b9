import * as net from "node:net";
import { isPort, sameEndpoint } from "../core/endpoint.ts";
import { SelfConnectError } from "../core/errors.ts";
import { publishSelfConnection } from "./diagnostics.ts";
import { endpoints } from "./node_endpoints.ts";

const isJavaScriptCore = "Bun" in globalThis;

/** A method of a socket, as somebody sees it who only passes calls on. */
type Method = (this: net.Socket, ...args: unknown[]) => unknown;

/** What `connect` takes, as far as it matters here. */
interface DialOptions {
  readonly port?: unknown;
  readonly path?: unknown;
  readonly localPort?: unknown;
  /** The connection that a TLS socket goes over; it is guarded, or not, by itself. */
  readonly socket?: unknown;
  readonly [GUARDED]?: true;
}

/**
 * On every method that guards, and in the options of whoever compares the ends himself. All copies of this module share
 * the name: CommonJS, ESM, one per loader.
 */
export const GUARDED: unique symbol = Symbol.for("@realpeer/tcp guarded");

/**
 * Puts a method in front of the one a socket has; what is returned undoes that, unless somebody else has put another one
 * in front since.
 *
 * A property that was deleted makes an object slow in V8 (10 to 15 microseconds per connection on Deno 2.9 and Node 26),
 * so there one that nothing enumerates stays behind, with the inherited method in it. In JavaScriptCore it is defining
 * one that does (30 microseconds on Bun 1.4) and deleting does not.
 */
function override(socket: net.Socket, name: "emit" | "destroy", method: Method): () => void {
  const methods = socket as { [name in "emit" | "destroy"]?: unknown };
  const before = socket[name];
  const isOwn = Object.hasOwn(socket, name);
  if (isOwn || isJavaScriptCore) methods[name] = method;
  else Object.defineProperty(socket, name, { value: method, configurable: true, writable: true, enumerable: false });
  return () => {
    if (methods[name] !== method) return;
    if (isJavaScriptCore && !isOwn) delete methods[name];
    else methods[name] = before;
  };
}

/**
 * Resets a socket and has it report the error, as it would report a refusal.
 *
 * A TLS socket cannot be reset: Node throws ERR_INVALID_HANDLE_TYPE, Deno closes, and either leaves a TIME-WAIT. The TCP
 * handle under it can, on Node 20 to 26 and Deno 2.9 by these names; should they go, a TLS socket is closed normally.
 */
function resetWith(socket: net.Socket, error: Error): void {
  const { _handle: handle } = socket as { _handle?: { _parent?: { close?: unknown; reset?: unknown } } };
  const transport = handle?._parent;
  if (typeof transport?.reset === "function") {
    transport.close = transport.reset;
    socket.destroy(error);
    return;
  }
  // resetAndDestroy() takes no error, but on every runtime it ends in a call of destroy().
  const { destroy } = socket;
  const restore = override(socket, "destroy", () => destroy.call(socket, error));
  socket.resetAndDestroy();
  restore();
}

/**
 * Keeps 'connect' and 'ready' from everybody until both ends have been compared, then steps aside: when the
 * listeners of 'connect' are called, the socket's `emit` is again what it was.
 *
 * A listener of our own could not do that, because the ones behind it are called whatever it does. With the port that is
 * dialed, a real peer costs one look at the local end.
 */
function awaitVerdict(socket: net.Socket, port?: number): void {
  const emit = socket.emit as Method;
  if (GUARDED in emit) return;
  let state: "waiting" | "rejected" | "over" = "waiting";
  let dialed = port;
  const guardedEmit: Method & { [GUARDED]?: true } = function (...args) {
    const [event] = args;
    if (event === "close" && socket.connecting) {
      // Somebody dialed again from an 'error' listener, perhaps another port: this 'close' is still the old attempt's.
      state = "waiting";
      dialed = undefined;
    } else if (event === "close") {
      state = "over";
      restore();
    } else if (state !== "over" && (event === "connect" || event === "ready")) {
      if (state === "rejected") return false;
      const pair = dialed === undefined || socket.localPort === dialed ? endpoints(socket) : null;
      if (pair !== null && sameEndpoint(pair.local, pair.remote)) {
        state = "rejected";
        publishSelfConnection(pair);
        resetWith(socket, new SelfConnectError(pair, 1));
        return false;
      }
      state = "over";
      restore();
    }
    return emit.apply(this, args);
  };
  guardedEmit[GUARDED] = true;
  const restore = override(socket, "emit", guardedEmit);
}

function dialOptions([first]: readonly unknown[]): DialOptions {
  // net.connect and tls.connect hand over an array of what they have parsed already.
  const options: unknown = Array.isArray(first) ? first[0] : first;
  return typeof options === "object" && options !== null ? options : { port: options };
}

/** The TCP port that is dialed; undefined for pipes and unix sockets, whose name may stand where a port does. */
function dialedPort({ port, path }: DialOptions): number | undefined {
  const number = path ? undefined : Number(port);
  return isPort(number) ? number : undefined;
}

/** Has every `connect` of a socket, or of all that inherit from a prototype, followed by a verdict. */
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
 * Returns the socket it was given. TLS sockets are welcome.
 *
 * @throws {TypeError} when it is no `net.Socket`
 * @throws {Error} when it is connected already: its listeners may have been told
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
 * Guards every socket of this process, or worker thread, from now on, but those whose `localPort` the program chooses.
 * However often it is called, and from however many copies of this module, sockets are guarded once.
 */
export function guardAllSockets(): void {
  if (GUARDED in net.Socket.prototype.connect) return;
  guardConnect(
    net.Socket.prototype,
    ({ localPort, socket, [GUARDED]: isGuarded }) => Boolean(localPort) || socket !== undefined || isGuarded === true,
  );
}
