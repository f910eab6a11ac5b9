import { isGranted, isLinux } from "../adapters/detect.ts";
import { openAtOnce } from "../adapters/native_guard.ts";
import { formatEndpoint } from "../core/endpoint.ts";
import { isHolderAddress } from "../core/holder_address.ts";
import type { KeptPort } from "../core/port_keeper.ts";
import { isAtRisk, type PortSettings } from "../core/port_range.ts";
import { PROC } from "../host/inspect.ts";
import { HolderThread } from "../host/holder_thread.ts";
import { watchListeners } from "../host/listener_watch.ts";
import { PortHolder } from "../host/port_holder.ts";
import { readPortSettings } from "../host/port_settings.ts";

/** Whether this system can keep a port from every client: Linux gives no client a bound port. */
export const canHold: boolean = isLinux;

function mayRead(path: string): boolean {
  return isGranted({ name: "read", path });
}

/** Without permission to dial, Deno prompts on the terminal, or rejects where no caller catches the error. */
function mayDial(hostname: string, port: number): boolean {
  return isGranted({ name: "net", host: formatEndpoint({ hostname, port }) });
}

/** Holds ports for this process, or worker thread. */
export const ownHolder: PortHolder = new PortHolder({
  open: openAtOnce,
  choose: (port, hostnames) => hostnames.find((hostname) => mayDial(hostname, port)),
  watch: (onChange) => watchListeners(onChange, mayRead),
});

const thread = new HolderThread();
/** A closed socket may keep its address for a moment, so each hold of the thread uses another address. */
const THREAD_ADDRESSES = 250;
let holdsInThread = 0;

/**
 * Holds the port before it returns. Where this thread cannot bind a socket at once, another thread does, at its own
 * address, until this thread has bound one.
 */
export function holdAtOnce(port: number): KeptPort {
  const hostname = openAtOnce === undefined
    ? ownHolder.hostnameFor(port, 1 + holdsInThread++ % THREAD_ADDRESSES)
    : undefined;
  if (hostname === undefined) return ownHolder.hold(port);
  let endEarly: () => void;
  try {
    endEarly = thread.hold(hostname, port);
  } catch {
    // This process may start no thread: the port is held a turn of the event loop later.
    return ownHolder.hold(port);
  }
  // Both threads would use the same address.
  if (!isHolderAddress(hostname)) return { settled: Promise.resolve(), release: () => Promise.resolve(endEarly()) };
  const hold = ownHolder.hold(port);
  hold.settled.then(endEarly, endEarly);
  return hold;
}

/** Lower ports are privileged; by default the kernel gives them to no client. */
const FIRST_UNPRIVILEGED = 1024;

function readSettings(): PortSettings | undefined {
  try {
    return mayRead(PROC) ? readPortSettings() : undefined;
  } catch {
    // Deno reads /proc only with --allow-all; a container may hide it.
    return undefined;
  }
}

/** Returns a test whether the kernel may give a port to a client, by the current settings; unknown counts as yes. */
export function readRisk(): (port: number) => boolean {
  const settings = readSettings();
  if (settings === undefined) return (port) => port >= FIRST_UNPRIVILEGED;
  return (port) => isAtRisk(port, settings);
}
