import { type Endpoint, sameEndpoint } from "../core/endpoint.ts";
import { forEachOwner, PROC, readSockets } from "./inspect.ts";
import { EVERY_ADDRESS } from "./own_addresses.ts";
import { isListening, isOnPort } from "./proc.ts";
import { linuxProcesses } from "./process_system.ts";
import type { ProcessRow } from "./process_table.ts";

/** A process that has a listening socket open. */
export interface Owner extends ProcessRow {
  /** The command line, joined with blanks; null when it cannot be read. */
  readonly command: string | null;
}

/** A listening socket. A server's parent and children may own it together. */
export interface Listener {
  readonly local: Endpoint;
  /** The oldest first; empty when this user may not see its processes. */
  readonly owners: readonly Owner[];
}

/** Whether a listener at `local` accepts connections to `address`. Most listeners on `::` take IPv4 as well. */
function takes(local: string, address: string): boolean {
  if (local === "0.0.0.0") return !address.includes(":") || address.startsWith("::ffff:");
  return local === "::" || sameEndpoint({ hostname: local, port: 1 }, { hostname: address, port: 1 });
}

/** All processes that have one of these sockets. */
function findOwners(inodes: ReadonlySet<number>, root: string): Map<number, Owner[]> {
  const owners = new Map<number, Owner[]>();
  const system = linuxProcesses(root);
  forEachOwner(inodes, root, ({ pid, command }, held) => {
    const row = system.read(pid);
    for (const inode of row ? held : []) owners.set(inode, [...owners.get(inode) ?? [], { ...row!, command }]);
  });
  for (const each of owners.values()) each.sort((a, b) => a.startTime - b.startTime || a.pid - b.pid);
  return owners;
}

/**
 * The sockets of this network namespace that accept connections to one of the addresses at the port, with all their
 * processes. Without addresses: all sockets that listen on the port; without a port: on any.
 *
 * @throws Error when the socket table cannot be read
 */
export function findListeners(port: number | null, addresses: readonly string[], root: string = PROC): Listener[] {
  const isHere = port === null ? isListening : isOnPort(port);
  const rows = readSockets((...columns) => isListening(...columns) && isHere(...columns), root).filter(({ local }) =>
    addresses.length === 0 || addresses.some((address) => takes(local.hostname, address)) ||
    addresses.some((address) => EVERY_ADDRESS.includes(address))
  );
  const owners = findOwners(new Set(rows.map(({ inode }) => inode)), root);
  return rows.map(({ local, inode }) => ({ local, owners: owners.get(inode) ?? [] }));
}
