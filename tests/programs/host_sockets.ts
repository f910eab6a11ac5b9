import { readFileSync } from "node:fs";

/** Hex state of a listening socket in /proc/net/tcp (include/net/tcp_states.h). */
export const TCP_LISTEN = "0A";

/** Every socket of this network namespace, in any state, whose local end is on the port, as `state local remote`. */
export function socketsOnPort(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    readFileSync(file, "utf8").trim().split("\n").slice(1)
  );
  const rows = lines.map((line) => line.trim().split(/\s+/));
  return rows.filter(([, local]) => local?.endsWith(suffix)).map(([, local, remote, state]) =>
    `${state} ${local} ${remote}`
  );
}
