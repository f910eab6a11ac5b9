import { readFileSync } from "node:fs";

/** Hex states of sockets in /proc/net/tcp (include/net/tcp_states.h). */
const TCP_LISTEN = "0A";
export const TCP_ESTABLISHED = "01";

function hexPort(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Every socket of this network namespace, in any state, with that end on the port, as `state local remote`. */
export function socketsOnPort(port: number, end: "local" | "remote" = "local"): string[] {
  const suffix = hexPort(port);
  const sockets: string[] = [];
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readFileSync(file, "utf8").trim().split("\n").slice(1)) {
      const [, local = "", remote = "", state = ""] = line.trim().split(/\s+/);
      if ((end === "local" ? local : remote).endsWith(suffix)) sockets.push(`${state} ${local} ${remote}`);
    }
  }
  return sockets;
}

/** Those among them that have the port at both ends: what a self-connection leaves, beside whom else the port has served. */
export function selfConnectionsOnPort(port: number): string[] {
  return socketsOnPort(port).filter((socket) => socket.endsWith(hexPort(port)));
}

/** Whether a socket of this network namespace listens on the port. */
export function hasListener(port: number): boolean {
  return socketsOnPort(port).some((socket) => socket.startsWith(TCP_LISTEN));
}
