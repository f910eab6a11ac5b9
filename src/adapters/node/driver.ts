import type * as net from "node:net";
import type { Adapter } from "../../core/attempt.ts";
import { publishSelfConnection } from "../diagnostics.ts";
import { endpoints } from "../endpoints.ts";
import { lookup, lookupWith } from "./lookup.ts";
import { open } from "./open.ts";
import { watchPeer } from "./read_ahead.ts";

const ignore = (): void => {};

/** `node:net` with these options besides those of each target. */
export function adapterFor(nativeOptions: Partial<net.TcpNetConnectOpts> | undefined): Adapter<net.Socket> {
  const hasOwnLookup = ["lookup", "family", "hints"].some((name) => Object.hasOwn(nativeOptions ?? {}, name));
  return {
    open: (target) => open(target, nativeOptions),
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
