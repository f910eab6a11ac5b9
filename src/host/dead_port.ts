import { portsAtRisk, type PortSettings } from "../core/port_range.ts";
import { assertBindable, describeRow, PortTakenError } from "./bindable.ts";
import { readSockets } from "./inspect.ts";
import { isListening, isOnPort } from "./proc.ts";

/** How many ports are tried where the system has no table of the taken ones. */
const TRIES = 100;

/** Describes the listener on the port; null when there is none. Nothing is dialed. */
export async function whoListens(port: number, hostname: string): Promise<string | null> {
  if (process.platform === "linux") {
    const isHere = isOnPort(port);
    const [row] = readSockets((...columns) => isListening(...columns) && isHere(...columns));
    return row ? describeRow(row) : null;
  }
  try {
    await assertBindable(port, hostname);
    return null;
  } catch (error) {
    if (!(error instanceof PortTakenError)) throw error;
    // This user may not bind the port, but there is no listener.
    return error.code === "EACCES" ? null : error.message;
  }
}

/** The ports of all sockets, and the ports with a listener. */
function readTaken(): { used: Set<number>; listening: Set<number> } {
  const used = new Set<number>();
  const listening = new Set<number>();
  readSockets((local, remote, state) => {
    const port = Number.parseInt(local.slice(-4), 16);
    used.add(port);
    if (isListening(local, remote, state)) listening.add(port);
    return false;
  });
  return { used, listening };
}

/** A port at high risk of a self-connection that has no listener at this moment. */
export async function chooseDeadPort(settings: PortSettings, hostname: string): Promise<number> {
  let ports = portsAtRisk(settings);
  if (process.platform === "linux") {
    const { used, listening } = readTaken();
    ports = ports.filter((port) => !listening.has(port));
    // The kernel skips a port while its closed connections are in TIME_WAIT.
    const unused = ports.filter((port) => !used.has(port));
    if (unused.length > 0) ports = unused;
  }
  for (let tries = 0; tries < TRIES && ports.length > 0; tries++) {
    const port = ports[Math.floor(Math.random() * ports.length)]!;
    if (await whoListens(port, hostname) === null) return port;
  }
  throw new Error("Cannot find a dead port at risk: all of them are reserved or taken");
}
