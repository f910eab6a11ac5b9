import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type Endpoint, sameEndpoint } from "../core/endpoint.ts";
import { PROC, readSockets } from "./inspect.ts";
import { isListening, isOnPort, parseCommandLine, parseLink } from "./proc.ts";
import { readProcFile } from "./proc_file.ts";
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

const EVERY_ADDRESS: readonly string[] = ["0.0.0.0", "::"];

/** Whether a listener at `local` accepts connections to `address`. Most listeners on `::` take IPv4 as well. */
function takes(local: string, address: string): boolean {
  if (local === "0.0.0.0") return !address.includes(":") || address.startsWith("::ffff:");
  return local === "::" || sameEndpoint({ hostname: local, port: 1 }, { hostname: address, port: 1 });
}

function readOr<Result>(read: () => Result, otherwise: Result): Result {
  try {
    return read();
  } catch {
    // The process has ended meanwhile, or belongs to another user.
    return otherwise;
  }
}

function inodesOf(folder: string): (number | null)[] {
  return readOr(() => readdirSync(folder), []).map((fd) =>
    parseLink("socket", readOr(() => readlinkSync(`${folder}/${fd}`), ""))
  );
}

/** All processes that have one of these sockets. */
function findOwners(inodes: ReadonlySet<number>, root: string): Map<number, Owner[]> {
  const owners = new Map<number, Owner[]>();
  const system = linuxProcesses(root);
  const rows = system.list()?.rows ?? [];
  for (const row of rows.toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid)) {
    const folder = join(root, String(row.pid));
    const held = new Set(inodesOf(join(folder, "fd")));
    for (const inode of inodes) {
      if (!held.has(inode)) continue;
      const command = readOr(() => parseCommandLine(readProcFile(join(folder, "cmdline"), "utf8")), null);
      owners.set(inode, [...owners.get(inode) ?? [], { ...row, command }]);
    }
  }
  return owners;
}

/**
 * The sockets of this network namespace that accept connections to one of the addresses at the port, with all their
 * processes. Without addresses: all sockets that listen on the port.
 *
 * @throws Error when the socket table cannot be read
 */
export function findListeners(port: number, addresses: readonly string[], root: string = PROC): Listener[] {
  const isHere = isOnPort(port);
  const rows = readSockets((...columns) => isListening(...columns) && isHere(...columns), root).filter(({ local }) =>
    addresses.length === 0 || addresses.some((address) => takes(local.hostname, address)) ||
    addresses.some((address) => EVERY_ADDRESS.includes(address))
  );
  const owners = findOwners(new Set(rows.map(({ inode }) => inode)), root);
  return rows.map(({ local, inode }) => ({ local, owners: owners.get(inode) ?? [] }));
}
