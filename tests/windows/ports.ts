import { readFileSync, writeFileSync } from "node:fs";

/** A port that answers nothing in the namespace of this suite, not even with a refusal. */
export const SILENT_PORT = 9;

const RANGE = "/proc/sys/net/ipv4/ip_local_port_range";

/**
 * While `use` runs, the kernel of this namespace has one port for all clients. A Windows program binds port 0 before it
 * connects, so that dialing that very port is a self-connection at once. A port serves one test: what is left in TIME_WAIT
 * on it keeps the next from being given it.
 */
export async function withOnlyPort(port: number, use: () => Promise<void>): Promise<void> {
  const before = readFileSync(RANGE, "latin1");
  writeFileSync(RANGE, `${port} ${port}`);
  try {
    await use();
  } finally {
    writeFileSync(RANGE, before);
  }
}
