import type { Socket } from "node:net";
import { sameEndpoint } from "../../core/endpoint.ts";
import { SelfConnectError } from "../../core/errors.ts";
import { publishSelfConnection } from "../diagnostics.ts";
import { endpoints } from "../endpoints.ts";

/** A method of a socket, for code that only forwards calls. */
export type Method = (this: Socket, ...args: unknown[]) => unknown;

/**
 * Marks every guarding method, and the options of a caller that compares the ends itself. On a socket it holds the
 * `emit` that waits for the verdict. All copies of this module share the symbol: CommonJS, ESM, one per loader.
 */
export const GUARDED: unique symbol = Symbol.for("@realpeer/tcp guarded");

interface GuardedEmit extends Method {
  /** The port that was dialed; undefined when it is not known. */
  dialed: number | undefined;
}

interface Guarded {
  [GUARDED]?: GuardedEmit | undefined;
}

/**
 * Restores `socket.emit`, unless other code has replaced it meanwhile.
 *
 * The property is set to the inherited function, and stays: a deleted property makes the object slow in V8, and a
 * non-enumerable one is slow to define, most of all in Bun (`npm run bench -- overhead`).
 */
function restore(socket: Socket & Guarded, override: Method, before: Method): void {
  socket[GUARDED] = undefined;
  if (socket.emit === override) socket.emit = before as Socket["emit"];
}

/**
 * Resets a socket and makes it report the error in the way of a refusal.
 *
 * A TLS socket cannot be reset: Node throws ERR_INVALID_HANDLE_TYPE, Deno closes it, and both leave a TIME-WAIT. The
 * TCP handle below can be reset, by these names on Node 20 to 26 and Deno 2.9; without them a TLS socket is closed
 * normally.
 */
function resetWith(socket: Socket, error: Error): void {
  const { _handle: handle } = socket as { _handle?: { _parent?: { close?: unknown; reset?: unknown } } };
  const transport = handle?._parent;
  if (typeof transport?.reset === "function") {
    transport.close = transport.reset;
    socket.destroy(error);
    return;
  }
  // resetAndDestroy() takes no error, but calls destroy() on every runtime.
  const { destroy } = socket;
  const isOwn = Object.hasOwn(socket, "destroy");
  socket.destroy = () => destroy.call(socket, error);
  socket.resetAndDestroy();
  if (isOwn) socket.destroy = destroy;
  else Reflect.deleteProperty(socket, "destroy");
}

/**
 * Withholds 'connect' and 'ready' from all listeners until both ends have been compared. When the listeners of
 * 'connect' are called, the socket has its old `emit` again.
 *
 * A listener cannot withhold an event, because later listeners are called in any case. If the dialed port is known, a
 * real peer costs one getsockname call.
 */
export function awaitVerdict(socket: Socket & Guarded, port?: number): void {
  const emit = socket.emit as Method;
  const earlier = socket[GUARDED];
  if (earlier !== undefined && earlier === emit) {
    // After a second `connect` while the first is pending, either may succeed.
    if (port !== undefined && earlier.dialed !== port) earlier.dialed = undefined;
    return;
  }
  let state: "waiting" | "rejected" | "over" = "waiting";
  const override = function (this: Socket, ...args: unknown[]) {
    const event = args[0];
    if (event === "close" && socket.connecting) {
      // An 'error' listener has called connect again, maybe with another port: this 'close' is the old attempt's.
      state = "waiting";
      guardedEmit.dialed = undefined;
    } else if (event === "close") {
      state = "over";
      restore(socket, guardedEmit, emit);
    } else if (state === "rejected" && (event === "connect" || event === "ready")) {
      return false;
    } else if (state === "waiting" && (event === "connect" || event === "ready") && !socket.connecting) {
      // While the socket is connecting, other code emits the event: it says nothing about the two ends.
      const { dialed } = guardedEmit;
      const pair = dialed === undefined || socket.localPort === dialed ? endpoints(socket) : null;
      if (pair !== null && sameEndpoint(pair.local, pair.remote)) {
        state = "rejected";
        publishSelfConnection(pair);
        resetWith(socket, new SelfConnectError(pair, 1));
        return false;
      }
      state = "over";
      restore(socket, guardedEmit, emit);
    }
    return emit.apply(this, args);
  };
  const guardedEmit: GuardedEmit = Object.assign(override, { dialed: port });
  socket[GUARDED] = guardedEmit;
  socket.emit = guardedEmit as Socket["emit"];
}
