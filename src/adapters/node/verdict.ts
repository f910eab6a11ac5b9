import type { Socket } from "node:net";
import { sameEndpoint } from "../../core/endpoint.ts";
import { SelfConnectError } from "../../core/errors.ts";
import { publishSelfConnection } from "../diagnostics.ts";
import { endpoints } from "./endpoints.ts";

/** A method of a socket, for code that only passes calls on. */
export type Method = (this: Socket, ...args: unknown[]) => unknown;

/**
 * Marks every method that guards, and the options of a caller that compares the ends itself; on a socket it holds the
 * `emit` that waits for the verdict. All copies of this module share the name: CommonJS, ESM, one per loader.
 */
export const GUARDED: unique symbol = Symbol.for("@realpeer/tcp guarded");

interface Guarded {
  [GUARDED]?: Method | undefined;
}

/**
 * Restores `socket.emit`, unless other code has replaced it meanwhile.
 *
 * A property that was deleted makes an object slow in V8: 10 to 15 microseconds for each connection on Deno 2.9 and Node
 * 26. It stays, and holds what would be inherited. (Defining one that nothing enumerates costs 4 microseconds, and 30 in
 * Bun 1.4.)
 */
function restore(socket: Socket & Guarded, override: Method, before: Method): void {
  socket[GUARDED] = undefined;
  if (socket.emit === override) socket.emit = before as Socket["emit"];
}

/**
 * Resets a socket and has it report the error, as it would report a refusal.
 *
 * A TLS socket cannot be reset: Node throws ERR_INVALID_HANDLE_TYPE, Deno closes, and either leaves a TIME-WAIT. The TCP
 * handle under it can, on Node 20 to 26 and Deno 2.9 by these names; should they go, a TLS socket is closed normally.
 */
function resetWith(socket: Socket, error: Error): void {
  const { _handle: handle } = socket as { _handle?: { _parent?: { close?: unknown; reset?: unknown } } };
  const transport = handle?._parent;
  if (typeof transport?.reset === "function") {
    transport.close = transport.reset;
    socket.destroy(error);
    return;
  }
  // resetAndDestroy() takes no error, but on every runtime it ends in a call of destroy().
  const { destroy } = socket;
  const isOwn = Object.hasOwn(socket, "destroy");
  socket.destroy = () => destroy.call(socket, error);
  socket.resetAndDestroy();
  if (isOwn) socket.destroy = destroy;
  else Reflect.deleteProperty(socket, "destroy");
}

/**
 * Withholds 'connect' and 'ready' from all listeners until both ends have been compared. When the listeners of 'connect'
 * are called, the socket's `emit` is again what it was.
 *
 * A listener of our own could not do that, because later listeners are called in any case. Since the dialed port is
 * known, a real peer costs one getsockname call.
 */
export function awaitVerdict(socket: Socket & Guarded, port?: number): void {
  const emit = socket.emit as Method;
  if (socket[GUARDED] === emit) return;
  let state: "waiting" | "rejected" | "over" = "waiting";
  let dialed = port;
  const guardedEmit: Method = function (...args) {
    const event = args[0];
    if (event === "close" && socket.connecting) {
      // An 'error' listener has dialed again, perhaps another port: this 'close' belongs to the old attempt.
      state = "waiting";
      dialed = undefined;
    } else if (event === "close") {
      state = "over";
      restore(socket, guardedEmit, emit);
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
      restore(socket, guardedEmit, emit);
    }
    return emit.apply(this, args);
  };
  socket[GUARDED] = guardedEmit;
  socket.emit = guardedEmit as Socket["emit"];
}
