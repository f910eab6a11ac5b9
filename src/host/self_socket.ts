import * as net from "node:net";
import type { OpenSelf } from "../core/port_keeper.ts";

/**
 * The kernel may have connected a socket that still says `connecting`: the end of the process comes before the event.
 * Then resetAndDestroy() would wait for the event. Node's handle can be reset at any time, by this name on Node 20 to 26.
 */
function reset(socket: net.Socket): void {
  const { _handle: handle } = socket as { _handle?: { reset?: unknown } };
  if (socket.connecting && typeof handle?.reset === "function") handle.reset();
  else socket.resetAndDestroy();
}

/** With node:net, which all runtimes have. The socket is bound after this tick of the event loop. */
export const openWithNodeNet: OpenSelf = (hostname, port) => {
  const socket = net.connect({ host: hostname, port, localAddress: hostname, localPort: port });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const opened = new Promise<void>((resolve, reject) => {
    socket.once("connect", () => {
      // Not earlier: Deno ends a program whose only pending work is an unref'd connect.
      socket.unref();
      resolve();
    });
    // Never removed: an error without a listener ends the process.
    socket.on("error", reject);
  });
  return { opened, closed, reset: () => reset(socket) };
};
