import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Endpoint } from "../core/endpoint.ts";
import { parseCommandLine, parseLink, type RowFilter, selectRows, type SocketRow } from "./proc.ts";
import { readProcFile } from "./proc_file.ts";

/** Where Linux mounts proc(5). */
export const PROC = "/proc";

/** A socket and its process. */
export interface SocketInfo {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly state: string;
  /** Null when the process cannot be seen, or there is none. */
  readonly pid: number | null;
  /** The command line of that process. */
  readonly command: string | null;
  readonly uid: number;
  /** The inode of the network namespace, as lsns(8) shows it; null when it cannot be seen. */
  readonly netns: number | null;
}

/** A process that has a socket open. */
export interface Process {
  readonly pid: number;
  /** The command line, joined with blanks; null when it cannot be read. */
  readonly command: string | null;
}

/** The sockets that were found. */
export interface Inspection {
  readonly sockets: readonly SocketInfo[];
  /** Whether there are processes that this user may not inspect. */
  readonly hasHidden: boolean;
}

export interface InspectOptions {
  /** Where proc(5) is mounted. @defaultValue `"/proc"` */
  readonly root?: string | undefined;
  /** Whether to read every network namespace that has a process, instead of only the own one. @defaultValue `false` */
  readonly allNamespaces?: boolean | undefined;
}

/** Whether a read failed because its object is gone: processes and namespaces can end during an inspection. */
function isGone(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === "ENOENT" || code === "ESRCH" || code === "ENOTDIR" || code === "EINVAL" || name === "NotFound";
}

/** Whether a read failed for lack of permission. */
function isDenied(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "EACCES" || code === "EPERM";
}

/** Visits each process until a visit returns false; returns whether this user may not inspect one of them. */
function forEachProcess(root: string, visit: (pid: number) => boolean | void): boolean {
  let hasHidden = false;
  const pids = readdirSync(root).map(Number).filter(Number.isInteger);
  for (const pid of pids.toSorted((a, b) => a - b)) {
    try {
      if (visit(pid) === false) break;
    } catch (error) {
      if (isDenied(error)) hasHidden = true;
      else if (!isGone(error)) throw error;
    }
  }
  return hasHidden;
}

/**
 * Reads from the folder of a process, below `root`. Where its main thread has ended before the others (pthread_exit(3)),
 * that folder shows no files and no namespace, as if it were another user's; the folder of each other thread does.
 */
function readFrom<Result>(root: string, pid: number, read: (folder: string) => Result | null): Result | null {
  let failure: { readonly error: unknown } | undefined;
  try {
    const result = read(String(pid));
    if (result !== null) return result;
  } catch (error) {
    if (!isGone(error) && !isDenied(error)) throw error;
    failure = { error };
  }
  const other = otherThread(root, pid);
  if (other !== undefined) return read(`${pid}/task/${other}`);
  if (failure) throw failure.error;
  return null;
}

/** The youngest thread that is not the main one. */
function otherThread(root: string, pid: number): string | undefined {
  try {
    return readdirSync(join(root, String(pid), "task")).findLast((thread) => thread !== String(pid));
  } catch {
    return undefined;
  }
}

/** The rows of both socket tables that pass the filter, in the network namespace of the process with this folder. */
export function readSockets(isWanted: RowFilter, root: string = PROC, folder: string = "self"): SocketRow[] {
  const rows = selectRows(readProcFile(join(root, folder, "net/tcp"), "latin1"), isWanted);
  try {
    rows.push(...selectRows(readProcFile(join(root, folder, "net/tcp6"), "latin1"), isWanted));
  } catch (error) {
    // The file is missing where IPv6 is switched off.
    if (!isGone(error)) throw error;
  }
  return rows;
}

function readNamespace(root: string, folder: string): number | null {
  return parseLink("net", readlinkSync(join(root, folder, "ns/net")));
}

/** The folder of one process of each network namespace. */
function readNamespaces(root: string): { namespaces: Map<number, string>; hasHidden: boolean } {
  const namespaces = new Map<number, string>();
  const hasHidden = forEachProcess(root, (pid) => {
    readFrom(root, pid, (folder) => {
      const netns = readNamespace(root, folder);
      if (netns !== null && !namespaces.has(netns)) namespaces.set(netns, folder);
      return netns;
    });
  });
  return { namespaces, hasHidden };
}

/** The inode of a file descriptor's socket; null for any other file, and for a descriptor closed meanwhile. */
function readSocketLink(path: string): number | null {
  try {
    return parseLink("socket", readlinkSync(path));
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function readCommand(root: string, folder: string): string | null {
  try {
    return parseCommandLine(readProcFile(join(root, folder, "cmdline"), "utf8"));
  } catch (error) {
    if (isGone(error) || isDenied(error)) return null;
    throw error;
  }
}

/**
 * Visits each process that has one of these sockets, with those it has, until a visit returns false; returns whether
 * this user may not inspect one of the processes.
 */
export function forEachOwner(
  inodes: ReadonlySet<number>,
  root: string,
  visit: (process: Process, held: readonly number[]) => boolean | void,
): boolean {
  if (inodes.size === 0) return false;
  return forEachProcess(root, (pid) => {
    const files = readFrom(root, pid, (folder) => {
      const path = join(root, folder, "fd");
      const names = readdirSync(path);
      return names.length === 0 ? null : { folder, paths: names.map((name) => `${path}/${name}`) };
    });
    if (files === null) return true;
    const { folder, paths } = files;
    const links = paths.map(readSocketLink);
    const held = new Set(links.filter((inode) => inode !== null && inodes.has(inode)) as number[]);
    return held.size === 0 ? true : visit({ pid, command: readCommand(root, folder) }, [...held]);
  });
}

/** The process of each of these sockets, the one with the lowest id where several share a socket. */
export function findProcesses(
  inodes: ReadonlySet<number>,
  root: string = PROC,
): { processes: Map<number, Process>; hasHidden: boolean } {
  const processes = new Map<number, Process>();
  const hasHidden = forEachOwner(inodes, root, (process, held) => {
    for (const inode of held) if (!processes.has(inode)) processes.set(inode, process);
    return processes.size < inodes.size;
  });
  return { processes, hasHidden: hasHidden && processes.size < inodes.size };
}

/**
 * The sockets that pass the filter, with their processes. Processes are searched only for these sockets: reading a
 * socket table is quick, reading the open files of every process is slow.
 *
 * @throws Error when the socket table cannot be read
 */
export function inspect(isWanted: RowFilter, { root = PROC, allNamespaces = false }: InspectOptions = {}): Inspection {
  const found: { row: SocketRow; netns: number | null }[] = [];
  let hasHiddenNamespaces = false;
  if (allNamespaces) {
    const { namespaces, hasHidden } = readNamespaces(root);
    hasHiddenNamespaces = hasHidden;
    for (const [netns, folder] of namespaces) {
      try {
        found.push(...readSockets(isWanted, root, folder).map((row) => ({ row, netns })));
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  } else {
    const netns = readNamespace(root, "self");
    found.push(...readSockets(isWanted, root).map((row) => ({ row, netns })));
  }
  const { processes, hasHidden } = findProcesses(new Set(found.map(({ row }) => row.inode).filter(Boolean)), root);
  const sockets = found.map(({ row: { local, remote, state, uid, inode }, netns }): SocketInfo => {
    const { pid = null, command = null } = processes.get(inode) ?? {};
    return { local, remote, state, pid, command, uid, netns };
  });
  return { sockets, hasHidden: hasHiddenNamespaces || hasHidden };
}
