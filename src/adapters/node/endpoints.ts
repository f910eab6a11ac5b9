import type { Socket } from "node:net";
import type { EndpointPair } from "../../core/endpoint.ts";

/** Both ends of a `net.Socket`; null before it is connected and after it is gone. */
export function endpoints(socket: Socket): EndpointPair | null {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || localPort === undefined) return null;
  if (remoteAddress === undefined || remotePort === undefined) return null;
  return {
    local: { hostname: localAddress, port: localPort },
    remote: { hostname: remoteAddress, port: remotePort },
  };
}

/** What a handle is asked to fill in. */
const name: { port?: number } = {};

/**
 * The local port, asked of the handle at half the price, 1 microsecond in place of 2 on Node 20: `socket.localPort` keeps
 * an object for whoever asks next. Handles of any other shape are left to that.
 */
export function localPort(socket: Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { localPort?: unknown; getsockname?: (name: object) => unknown } };
  if (typeof handle?.localPort === "number") return handle.localPort;
  if (typeof handle?.getsockname !== "function" || handle.getsockname(name) !== 0) return socket.localPort;
  return name.port;
}
