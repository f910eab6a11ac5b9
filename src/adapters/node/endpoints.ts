import type { Socket } from "node:net";
import type { EndpointPair } from "../../core/endpoint.ts";

/** Both ends of a `net.Socket`; null before it is connected and after it is gone. */
export function endpoints({ localAddress, localPort, remoteAddress, remotePort }: Socket): EndpointPair | null {
  if (localAddress === undefined || localPort === undefined) return null;
  if (remoteAddress === undefined || remotePort === undefined) return null;
  return {
    local: { hostname: localAddress, port: localPort },
    remote: { hostname: remoteAddress, port: remotePort },
  };
}
