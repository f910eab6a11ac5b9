import * as net from "node:net";
import { formatEndpoint, sameEndpoint } from "../core/endpoint.ts";
import { addressesOf } from "./addresses.ts";
import { findProcesses, readSockets } from "./inspect.ts";
import { EVERY_ADDRESS } from "./own_addresses.ts";
import { isHolder, isOnPort, type SocketRow } from "./proc.ts";

/** A server cannot bind the port now; the message says what holds it. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
  readonly code: string;
  /** The same text, for the message about an attempt. */
  readonly hint: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
    this.hint = message;
  }
}

/** `undefined` is every address of the machine, the default of servers. */
type BindAddress = string | undefined;

/**
 * Whether this socket makes bind() fail for a server that does not set SO_REUSEADDR. A trial bind with node:net cannot
 * tell, because node:net sets it. Only a bind can tell which IP versions a listener on every address covers.
 */
function isInTheWay(row: SocketRow, address: BindAddress): boolean {
  // A port holder keeps clients off the port, and servers can bind beside it.
  if (isHolder(row)) return false;
  const { local, state } = row;
  if (state === "LISTEN" && EVERY_ADDRESS.includes(local.hostname)) return false;
  if (address === undefined || EVERY_ADDRESS.includes(address)) return true;
  return sameEndpoint(local, { hostname: address, port: local.port });
}

/**
 * Whether this socket makes bind() fail also for a server that sets SO_REUSEADDR, as far as the table shows: a
 * connection may belong to a client without SO_REUSEADDR, and only a bind can tell.
 */
function stopsEveryServer({ local, remote, state }: SocketRow): boolean {
  return state === "LISTEN" || sameEndpoint(local, remote);
}

/** The owner of the socket described last, by inode: finding an owner means reading every process. */
const owners = new Map<number, string>();

function ownerOf({ inode }: SocketRow): string {
  if (!owners.has(inode)) {
    const owner = findProcesses(new Set([inode])).processes.get(inode);
    owners.clear();
    owners.set(inode, owner ? `${owner.command ?? "a program"} (pid ${owner.pid})` : "a program");
  }
  return owners.get(inode)!;
}

/** Describes how a socket uses its port. */
export function describeRow(row: SocketRow): string {
  const { local, remote, state, timer } = row;
  if (isHolder(row)) return state === "TIME_WAIT" ? "a shield was on it" : `${ownerOf(row)} shields it`;
  if (state === "LISTEN") return `${ownerOf(row)} listens on it`;
  if (state === "TIME_WAIT") {
    return `a closed connection holds it in TIME_WAIT for another ${Math.max(1, Math.ceil(timer / 1000))} s`;
  }
  if (sameEndpoint(local, remote)) return `${ownerOf(row)} is connected to itself on it`;
  return `a connection with ${formatEndpoint(remote)} holds it (${state})`;
}

/** Binds and listens with node:net, then closes; resolves with the code of the error, or null. */
export type TryBind = (port: number, address: BindAddress) => Promise<string | null>;

const tryBind: TryBind = (port, address) => {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, exclusive: true, ...(address === undefined ? {} : { host: address }) }, () => {
      server.close(() => resolve(null));
    });
  });
};

/**
 * The other addresses to bind on systems without a socket table. There SO_REUSEADDR, or on Windows the lack of
 * exclusive use, lets a bind of every address succeed beside a listener on one address, and the reverse.
 */
function alsoToBind(hostname: string | undefined): readonly string[] {
  return hostname === undefined ? ["127.0.0.1", "::1"] : EVERY_ADDRESS;
}

function whyNotBound(code: string, address: BindAddress, rows: readonly SocketRow[]): PortTakenError {
  const others = rows.filter((row) => isInTheWay(row, address));
  const holder = rows.find(({ state }) => state === "LISTEN") ?? others.find(({ state }) => state !== "TIME_WAIT");
  // Deno's node:net reports an address of another machine as EINVAL.
  const isElsewhere = code === "EADDRNOTAVAIL" || code === "EINVAL";
  const reason = code === "EACCES"
    ? "this user may not bind it"
    : isElsewhere && address !== undefined
    ? `${address} is not an address of this machine`
    : code === "EADDRINUSE"
    ? holder ? describeRow(holder) : "a program has bound it"
    : `binding it failed with ${code}`;
  return new PortTakenError(code, reason);
}

/** Windows has no privileged ports: there WSAEACCES means that the port is held, perhaps not for long. */
function isHeldOnWindows(code: string, platform: string): boolean {
  return code === "EACCES" && platform === "win32";
}

const HELD = "a program holds it for itself alone, or Windows does: see realpeer check";

export interface BindableOptions {
  /** Whether the server sets SO_REUSEADDR: then most connections that are closed do not hold the port. */
  readonly setsReuse?: boolean;
  /** These two are parameters for tests. */
  readonly platform?: string;
  readonly bind?: TryBind;
}

/**
 * Rejects when a server cannot bind this port now; without a hostname, on every address. For a name all its addresses
 * must be free. On Linux the socket table is read first, and a real bind follows only if the table shows nothing:
 * during the bind the port is open, and a client that waits for a server must not be connected to this process.
 *
 * On other systems a connection in TIME_WAIT is not noticed if SO_REUSEADDR lets a server bind beside it.
 *
 * @throws PortTakenError when the port cannot be bound
 * @throws the resolver's error when the name has no address
 */
export async function assertBindable(
  port: number,
  hostname?: string,
  { setsReuse = false, platform = process.platform, bind = tryBind }: BindableOptions = {},
): Promise<void> {
  const addresses: BindAddress[] = hostname === undefined ? [undefined] : await addressesOf(hostname);
  const hasTable = platform === "linux";
  const rows = hasTable ? readSockets(isOnPort(port)) : [];
  const isCertain = setsReuse ? stopsEveryServer : () => true;
  const inTheWay = rows.filter((row) => isCertain(row) && addresses.some((address) => isInTheWay(row, address)));
  const first = inTheWay.find(({ state }) => state === "LISTEN") ?? inTheWay[0];
  if (first !== undefined) throw new PortTakenError("EADDRINUSE", describeRow(first));
  for (const address of addresses) {
    const code = await bind(port, address);
    if (code === null) continue;
    throw isHeldOnWindows(code, platform) ? new PortTakenError("EADDRINUSE", HELD) : whyNotBound(code, address, rows);
  }
  if (hasTable) return;
  for (const address of alsoToBind(hostname)) {
    const code = await bind(port, address);
    if (code === "EADDRINUSE") throw whyNotBound(code, address, rows);
    if (code !== null && isHeldOnWindows(code, platform)) throw new PortTakenError("EADDRINUSE", HELD);
    // Any other failure is about the address: there may be no IPv6.
  }
}

/**
 * Describes the shields on the port; null when there are none. A shield disturbs only a server that binds every address
 * without SO_REUSEADDR.
 */
export function describeShields(port: number): string | null {
  if (process.platform !== "linux") return null;
  const holders = readSockets(isOnPort(port)).filter(isHolder);
  return holders.length === 0 ? null : [...new Set(holders.map(describeRow))].join(", ");
}
