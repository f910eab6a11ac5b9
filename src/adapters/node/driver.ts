import type * as net from "node:net";
import type { Adapter } from "../../core/attempt.ts";
import { isBelowLocalhost } from "../../core/endpoint.ts";
import { mayDialAnywhere } from "../detect.ts";
import { publishSelfConnection } from "../diagnostics.ts";
import { endpoints } from "../endpoints.ts";
import { lookup, lookupWith } from "./lookup.ts";
import { open } from "./open.ts";
import { watchPeer } from "./read_ahead.ts";

const ignore = (): void => {};

/** `node:net` with these options besides those of each target. */
export function adapterFor(nativeOptions: Partial<net.TcpNetConnectOpts> | undefined): Adapter<net.Socket> {
  const hasOwnLookup = ["lookup", "family", "hints"].some((name) => Object.hasOwn(nativeOptions ?? {}, name));
  const look = hasOwnLookup ? lookupWith(nativeOptions ?? {}) : lookup;
  return {
    open: (target) => open(target, nativeOptions),
    endpoints,
    reset(socket: net.Socket): void {
      // No caller has this socket, so no caller needs its later errors.
      socket.on("error", ignore).resetAndDestroy();
    },
    close: (socket) => void socket.on("error", ignore).destroy(),
    watchPeer,
    // Without access to every address, Deno dials such a name by name: the system may know it.
    lookup: async (hostname) => isBelowLocalhost(hostname) && !mayDialAnywhere() ? null : await look(hostname),
    localPort: undefined,
    publish: publishSelfConnection,
  };
}
