import { connect } from "../api/connect.ts";
import { dial } from "../core/dial.ts";
import { formatEndpoint, ipVersion } from "../core/endpoint.ts";
import { resolveOptions } from "../core/options.ts";
import { addressesOf } from "../host/addresses.ts";
import { findListeners, type Owner } from "../host/listeners.ts";
import { linuxProcesses } from "../host/process_system.ts";
import type { ProcessTree } from "../host/process_tree.ts";
import { isOnThisHost } from "../host/own_addresses.ts";
import { isMark } from "../host/tree_mark.ts";
import type { WaitTarget } from "./target.ts";
import type { TargetWait } from "./wait_target.ts";

/** How long a lookup or a connect may take when it only tests whether a port is taken. */
const LOOK_MS = 2000;
/** The longest command line that is shown. */
const MAX_COMMAND = 60;
/** Programs that forward connections: the server behind them has no listener on this host. */
const PROXIES = /^(docker-proxy|rootlessport|slirp4netns|pasta|rootlesskit|gvproxy|conmon)$/;

/** The process that listens for a ready target. */
export interface ServedBy {
  readonly pid: number | null;
  readonly command: string | null;
  /** Whether the process belongs to the tree that was started; null where that is unknown. */
  readonly ownTree: boolean | null;
}

export const UNKNOWN_SERVER: ServedBy = { pid: null, command: null, ownTree: null };

function servedBy({ pid, command }: Owner, ownTree: boolean): ServedBy {
  return { pid, command, ownTree };
}

/** A program that listens for a target before the server is started. */
export interface Occupant {
  readonly name: string;
  readonly served: ServedBy;
}

/** Describes a process: `node server.js (pid 12)`. */
function describeOwner({ pid, command, name }: Owner): string {
  // By whole characters: half of one is no valid text.
  const characters = [...command ?? name];
  const text = characters.slice(0, MAX_COMMAND).join("");
  return `${text}${characters.length > MAX_COMMAND ? "…" : ""} (pid ${pid})`;
}

const isOwnAddress = (address: string): boolean => isOnThisHost(address, () => true);

/** The addresses of `hostname` that belong to this host; none for another host, or a name that does not resolve. */
async function ownAddresses(hostname: string): Promise<string[]> {
  const silence = new Promise<[]>((resolve) => setTimeout(resolve, LOOK_MS, []).unref());
  const addresses = await Promise.race([addressesOf(hostname).catch(() => []), silence]);
  return addresses.filter(isOwnAddress);
}

async function accepts(hostname: string, port: number): Promise<boolean> {
  try {
    await (await connect({ hostname, port, timeout: LOOK_MS })).close();
    return true;
  } catch {
    return false;
  }
}

async function acceptsOnUnix(path: string): Promise<boolean> {
  const { unixAdapter } = await import("../adapters/unix.ts");
  const adapter = unixAdapter(path);
  try {
    adapter.close((await dial(adapter, resolveOptions({ hostname: "127.0.0.1", port: 1, timeout: LOOK_MS }))).socket);
    return true;
  } catch {
    return false;
  }
}

function listenersOf(port: number | null, addresses: readonly string[]): ReturnType<typeof findListeners> {
  try {
    return findListeners(port, addresses);
  } catch {
    // Not Linux, or Deno lacks the permission.
    return [];
  }
}

/** The program that already listens for the target; null when there is none, or on another host. */
export async function whoListensFor(target: WaitTarget): Promise<Occupant | null> {
  const unknown = (name: string): Occupant => ({ name, served: UNKNOWN_SERVER });
  if (target.kind === "unix") return await acceptsOnUnix(target.path) ? unknown("an unknown program") : null;
  const { hostname, port } = target;
  const addresses = await ownAddresses(hostname);
  if (addresses.length === 0) return null;
  const listeners = listenersOf(port, addresses);
  // A listener on :: may take IPv6 only, and a port that is forwarded to a container has no listener here.
  const isIpv4 = addresses.every((address) => ipVersion(address) === 4);
  if (listeners.every(({ local }) => isIpv4 && local.hostname === "::")) {
    const answers = await Promise.all(addresses.map((address) => accepts(address, port)));
    if (!answers.includes(true)) return null;
    if (listeners.length === 0) return unknown("a program that is not visible here");
  }
  const [owner] = listeners.flatMap(({ owners }) => owners);
  if (owner === undefined) return unknown("a program of another user");
  return { name: describeOwner(owner), served: servedBy(owner, false) };
}

/** The process that serves at `address`, which was not started by us. */
export function findServer(port: number, address: string): ServedBy {
  if (!isOwnAddress(address)) return UNKNOWN_SERVER;
  const [owner] = listenersOf(port, [address]).flatMap(({ owners }) => owners);
  return owner === undefined ? UNKNOWN_SERVER : servedBy(owner, false);
}

/** The most addresses that are shown. */
const MAX_SHOWN = 3;

/**
 * Describes where the tree listens although a target refuses connections: on another address, or on a port that is
 * none of the targets'. Null when it does not listen, or that is unknown.
 */
export async function describeUnreached(
  { target, title }: TargetWait,
  targets: readonly WaitTarget[],
  tree: ProcessTree,
): Promise<string | null> {
  if (target.kind === "unix" || (await ownAddresses(target.hostname)).length === 0) return null;
  const own = listenersOf(null, []).filter(({ owners }) => owners.some((owner) => tree.has(owner)));
  const here = own.filter(({ local }) => local.port === target.port);
  const isTarget = (port: number): boolean => targets.some((each) => each.kind !== "unix" && each.port === port);
  const shown = here.length > 0 ? here : own.filter(({ local }) => !isTarget(local.port));
  if (shown.length === 0) return null;
  const ends = [...new Set(shown.map(({ local }) => formatEndpoint(local)))].slice(0, MAX_SHOWN).join(", ");
  const why = here.length > 0 ? `which ${title} does not reach` : "not on the target's port";
  return `the server listens on ${ends}, ${why}`;
}

/** The process that serves a ready target, and any objection to it. */
export interface Verdict {
  readonly served: ServedBy;
  /** Why this cannot be the started server. */
  readonly foreign?: string;
  /** Why this may not be the started server. */
  readonly warning?: string;
}

/**
 * Judges whether the listener at `address` belongs to the started tree. A process that another `realpeer start` has
 * marked, or that is older, does not. Any other, such as a container's, may.
 */
export function judgeListener(port: number, address: string, tree: ProcessTree): Verdict {
  if (!isOwnAddress(address)) return { served: UNKNOWN_SERVER };
  const owners = listenersOf(port, [address]).flatMap((listener) => listener.owners);
  const own = owners.find((owner) => tree.has(owner));
  if (own !== undefined) return { served: servedBy(own, true) };
  const [other] = owners;
  if (other === undefined) return { served: UNKNOWN_SERVER };
  const served = servedBy(other, false);
  const name = describeOwner(other);
  if (isMark(linuxProcesses().readMark(other.pid) ?? null)) {
    return { served, foreign: `${name} answers, which another realpeer process started` };
  }
  // systemd itself listens for servers that it starts at the first connection.
  if (tree.isOlder(other) && other.pid !== 1) return { served, foreign: `${name} answers, which ran before` };
  if (PROXIES.test(other.name)) return { served };
  return { served, warning: `${name} answers, which is not one of the processes that were started` };
}
